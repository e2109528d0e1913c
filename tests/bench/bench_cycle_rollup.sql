-- SPDX-License-Identifier: GPL-2.0-or-later
-- BENCH_FAST_ROLLUP of bench_turn.sh: what slurmdbd would roll up of the synthetic jobs, by day up to this midnight and by
-- hour since (slurmdbd also keeps the hours of earlier days; a turn does not ask for them).
set @midnight = unix_timestamp(curdate());
set @hour = @now - @now % 3600;
create temporary table t as select 1 as id union select 2 union select 4 union select 5 union select 1001;
create temporary table part as
    select id_assoc, time_start b, time_end e, cpus_req c, if(id_job % 5 = 0, 1 + id_job % 4, 0) g from CLUSTER_job_table where job_name = 'synth';

insert into CLUSTER_assoc_usage_day_table (creation_time, mod_time, id, id_tres, time_start, alloc_secs)
    select @now, @now, id_assoc, t.id, day, sum(s * case t.id when 1 then c when 2 then c * 1000 when 4 then 1 when 5 then c + 10 * g else g end)
    from (select id_assoc, c, g, unix_timestamp(date(from_unixtime(b))) day,
                least(e, unix_timestamp(date(from_unixtime(b)) + interval 1 day)) - b s from part
          union all
          select id_assoc, c, g, unix_timestamp(date(from_unixtime(e))), e - unix_timestamp(date(from_unixtime(e))) from part
          where date(from_unixtime(e)) > date(from_unixtime(b))) days, t
    where day < @midnight and s > 0 and (t.id < 1001 or g > 0) group by id_assoc, t.id, day;
insert into CLUSTER_assoc_usage_hour_table (creation_time, mod_time, id, id_tres, time_start, alloc_secs)
    select @now, @now, id_assoc, t.id, h, sum((least(e, h + 3600) - greatest(b, h)) *
        case t.id when 1 then c when 2 then c * 1000 when 4 then 1 when 5 then c + 10 * g else g end)
    from part join (select @midnight + seq * 3600 h from seq_0_to_23) hours on b < h + 3600 and e > h, t
    where e > @midnight and h < @hour and (t.id < 1001 or g > 0) group by id_assoc, t.id, h;
insert into CLUSTER_usage_day_table (creation_time, mod_time, id_tres, time_start, count, alloc_secs)
    select @now, @now, id_tres, time_start, 1, sum(alloc_secs) from CLUSTER_assoc_usage_day_table group by id_tres, time_start;
insert into CLUSTER_usage_hour_table (creation_time, mod_time, id_tres, time_start, count, alloc_secs)
    select @now, @now, id_tres, time_start, 1, sum(alloc_secs) from CLUSTER_assoc_usage_hour_table group by id_tres, time_start;
analyze table CLUSTER_assoc_usage_day_table, CLUSTER_assoc_usage_hour_table, CLUSTER_job_table, CLUSTER_assoc_table;
update CLUSTER_last_ran_table set hourly_rollup = @hour, daily_rollup = @midnight, monthly_rollup = @begin;
