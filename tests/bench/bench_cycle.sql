-- SPDX-License-Identifier: GPL-2.0-or-later
-- Synthetic accounts, users and ended jobs for bench_turn.sh, in the shape of real rows; a tree of departments of 100
-- accounts, each with games and 8 users that no host has. Variables @accounts, @jobs, @begin, @now and CLUSTER (replaced
-- by the script) are the caller's. Records are in the order of their begin, as slurmdbd writes them.
set @top = (select rgt from CLUSTER_assoc_table where acct = 'root' and user = '' and deleted = 0);
set @departments = ceil(@accounts / 100);
set @width = 2 * 10;
set @id = (select max(id_assoc) from CLUSTER_assoc_table);

create temporary table d as select seq as k from seq_0_to_99999 where seq < @departments;
create temporary table a as select seq as k, concat('b', lpad(seq, 6, '0')) as name from seq_0_to_999999 where seq < @accounts;
insert into acct_table (creation_time, mod_time, name, description, organization)
    select @now, @now, concat('dep', k), 'synthetic', 'bench' from d;
insert into acct_table (creation_time, mod_time, name, description, organization)
    select @now, @now, name, 'synthetic', 'bench' from a;
insert into user_table (creation_time, mod_time, name) select @now, @now, concat('synth', seq) from seq_0_to_7;

insert into CLUSTER_assoc_table (creation_time, mod_time, id_assoc, user, acct, parent_acct, `partition`, lft, rgt, shares, qos, delta_qos)
    select @now, @now, @id + 1 + k, '', concat('dep', k), 'root', '',
        @top + k * (100 * @width + 2), @top + (k + 1) * (100 * @width + 2) - 1, 1, '', '' from d;
set @id = @id + @departments;
insert into CLUSTER_assoc_table (creation_time, mod_time, id_assoc, user, acct, parent_acct, `partition`, lft, rgt, shares, qos, delta_qos)
    select @now, @now, @id + 1 + k, '', name, concat('dep', k div 100), '',
        @top + (k div 100) * (100 * @width + 2) + 1 + (k % 100) * @width,
        @top + (k div 100) * (100 * @width + 2) + (k % 100 + 1) * @width, 1, '', '' from a;
set @id = @id + @accounts;
insert into CLUSTER_assoc_table (creation_time, mod_time, id_assoc, user, acct, parent_acct, `partition`, lft, rgt, shares, qos, delta_qos, is_def)
    select @now, @now, @id + 1 + a.k * 9 + u.seq, if(u.seq = 8, 'games', concat('synth', u.seq)), a.name, '', '',
        @top + (a.k div 100) * (100 * @width + 2) + 2 + (a.k % 100) * @width + 2 * u.seq,
        @top + (a.k div 100) * (100 * @width + 2) + 3 + (a.k % 100) * @width + 2 * u.seq, 1, '', '', 0
    from a, seq_0_to_8 u;
update CLUSTER_assoc_table set rgt = @top + @departments * (100 * @width + 2) where acct = 'root' and user = '';

insert into CLUSTER_job_table (mod_time, account, cpus_req, job_name, id_assoc, id_job, id_qos, id_resv, id_wckey, id_user, id_group,
        het_job_id, het_job_offset, state_reason_prev, mem_req, nodelist, nodes_alloc, node_inx, `partition`, priority, state,
        timelimit, time_submit, time_eligible, time_start, time_end, work_dir, submit_line, tres_alloc, tres_req, flags)
    select t + dur, concat('b', lpad(seq % @accounts, 6, '0')), c, 'synth', @id + 1 + (seq % @accounts) * 9 + seq % 9,
        1000000 + seq, 1, 0, 0, 5, 60, 0, 4294967294, 0, 9223372036854775908, concat('n', 1 + (seq % 4)), 1, seq % 4, 'main', 1000, 3,
        1440, t - 60, t - 60, t, t + dur, '/tmp', 'sbatch job.sh',
        concat('1=', c, ',2=', c * 1000, ',3=18446744073709551614,4=1,5=', c + 10 * g, if(g > 0, concat(',1001=', g), '')),
        concat('1=', c, ',2=', c * 1000, ',4=1,5=', c + 10 * g, if(g > 0, concat(',1001=', g), '')), 20
    from (select seq, @begin + floor(seq * ((@now - @begin - 7300) / @jobs)) t, 60 + floor(rand(8) * 7000) dur, 1 + (seq % 16) c,
            if(seq % 5 = 0, 1 + seq % 4, 0) g from seq_1_to_100000000 where seq <= @jobs) j;

update CLUSTER_event_table set time_start = @begin - 90000 where node_name = '';
update CLUSTER_last_ran_table set hourly_rollup = @begin, daily_rollup = @begin, monthly_rollup = @begin;
