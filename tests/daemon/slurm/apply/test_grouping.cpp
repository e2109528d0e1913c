// SPDX-License-Identifier: GPL-2.0-or-later
// Checks before a change, and which changes become one call.
#include "daemon/slurm/apply/grouping.hpp"

#include "common/base/text.hpp"
#include "tests/daemon/slurm/facts.hpp"
#include "tests/support/case.hpp"

using namespace sluice;

namespace {

using model::Command;
using model::CommandType;

Command qos(const std::string& account, std::vector<std::string> list, std::string standard) {
    Command command;
    command.account = account;
    command.qos = std::move(list);
    command.default_qos = std::move(standard);
    return command;
}

Command limit(const std::string& account, const std::string& tres,
              std::optional<std::int64_t> value) {
    Command command;
    command.type = CommandType::limits;
    command.account = account;
    command.limits[tres] = value;
    return command;
}

std::optional<Error> checked(const Command& command) {
    const model::Structure cluster = test::small_cluster();
    return slurm::check(command, cluster, model::AccountTree{cluster});
}

std::vector<slurm::Group> grouped(const std::vector<Command>& commands) {
    const std::vector<std::optional<Error>> failures(commands.size());
    return slurm::group(commands, failures, 100);
}

CASE(unknown_qos_tres_and_accounts_are_refused_before_slurmdbd_stores_them) {
    CHECK(!checked(qos("physics", {"blocked"}, "blocked")));
    CHECK_EQ(checked(qos("nosuch", {"blocked"}, "blocked"))->code, Errc::not_found);
    CHECK_EQ(checked(qos("physics", {"nosuch"}, ""))->code, Errc::not_found);
    CHECK_EQ(checked(qos("physics", {"normal"}, "blocked"))->code, Errc::refused);
    CHECK_EQ(checked(qos("physics", {"-nosuch"}, ""))->code, Errc::not_found);
    CHECK_EQ(checked(limit("physics", "gres/tpu", 5))->code, Errc::not_found);
    CHECK_EQ(checked(limit("physics", "cpu", -5))->code, Errc::malformed);
    CHECK(!checked(limit("physics", "cpu", 0)));
    CHECK(!checked(limit("physics", "cpu", std::nullopt)));
}

CASE(a_refused_command_has_the_remedy_in_its_error) {
    const auto error = checked(qos("physics", {"nosuch"}, ""));
    CHECK(error->context.find("sacctmgr add qos nosuch") != std::string::npos);
}

CASE(a_default_qos_may_come_from_the_inherited_list) {
    CHECK(!checked(qos("physics", {}, "slowdown")));
    CHECK_EQ(checked(qos("physics", {"-slowdown"}, "slowdown"))->code, Errc::refused);
    CHECK(!checked(qos("physics", {}, "")));
}

CASE(an_association_of_a_user_must_exist) {
    Command command = qos("optics", {"normal"}, "normal");
    command.user = "man";
    CHECK(!checked(command));
    command.partition = "main";
    CHECK_EQ(checked(command)->code, Errc::not_found);
}

CASE(accounts_with_the_same_target_are_one_call) {
    const auto groups = grouped({qos("physics", {"normal", "slowdown"}, "normal"),
                                 qos("optics", {"blocked"}, "blocked"),
                                 qos("chem", {"slowdown", "normal"}, "normal")});
    CHECK_EQ(groups.size(), 2U);
    CHECK_EQ(groups[0].members.size(), 2U);
    CHECK_EQ(groups[0].members[1], 2U);
}

CASE(a_call_has_no_accounts_from_both_sides_of_a_change_of_a_job) {
    Command job;
    job.type = CommandType::set_job_qos;
    job.job = "7";
    job.qos = {"slowdown"};
    const std::vector<Command> commands{qos("physics", {"slowdown"}, "slowdown"), job,
                                        qos("chem", {"slowdown"}, "slowdown")};
    const std::vector<std::optional<Error>> none(commands.size());
    CHECK_EQ(slurm::group(commands, none, 100).size(), 3U);
}

CASE(commands_with_different_values_are_different_calls) {
    CHECK_EQ(grouped({limit("physics", "cpu", 5), limit("chem", "cpu", 6)}).size(), 2U);
    CHECK_EQ(grouped({limit("physics", "cpu", 5), limit("chem", "cpu", std::nullopt)}).size(), 2U);
    CHECK_EQ(grouped({limit("physics", "cpu", 5), limit("chem", "cpu", 5)}).size(), 1U);
    CHECK_EQ(grouped({qos("physics", {"normal"}, ""), qos("chem", {"normal"}, "normal")}).size(),
             2U);
    std::vector<Command> types{limit("physics", "cpu", 5), limit("chem", "cpu", 5)};
    types[1].limit_type = model::LimitType::grp_tres;
    CHECK_EQ(grouped(types).size(), 2U);
}

CASE(commands_for_users_are_grouped_by_account_and_partition) {
    std::vector<Command> commands{qos("optics", {"normal"}, ""), qos("optics", {"normal"}, ""),
                                  qos("optics", {"normal"}, ""), qos("physics", {"normal"}, "")};
    commands[1].user = "man";
    commands[2].user = "man";
    commands[2].partition = "aux";
    commands[3].user = "games";
    CHECK_EQ(grouped(commands).size(), 4U);
}

CASE(commands_that_failed_the_check_are_left_out) {
    const std::vector<Command> commands{limit("physics", "cpu", 5), limit("chem", "cpu", 5)};
    const std::vector<std::optional<Error>> failures{Error{Errc::not_found, "x"}, std::nullopt};
    const auto groups = slurm::group(commands, failures, 100);
    CHECK_EQ(groups.size(), 1U);
    CHECK_EQ(groups[0].members.size(), 1U);
    CHECK_EQ(groups[0].members[0], 1U);
}

CASE(read_back_finds_a_change_that_slurmdbd_did_not_keep) {
    model::Association row = test::account_row(3, "physics", "univ");
    row.qos = {"slowdown", "normal"};
    row.default_qos = "normal";
    row.grp_tres_mins = {{"cpu", 5}};
    CHECK(!slurm::difference(row, qos("physics", {"normal", "slowdown"}, "normal")));
    CHECK(slurm::difference(row, qos("physics", {"normal"}, "normal")));
    CHECK(slurm::difference(row, qos("physics", {"normal", "slowdown"}, "")));
    CHECK(!slurm::difference(row, limit("physics", "cpu", 5)));
    CHECK(slurm::difference(row, limit("physics", "cpu", 6)));
    CHECK(slurm::difference(row, limit("physics", "cpu", std::nullopt)));
    CHECK(!slurm::difference(row, limit("physics", "node", std::nullopt)));
    CHECK(slurm::difference(row, limit("physics", "node", 0)));
}

CASE(qos_are_sent_by_id) {
    const auto ids = slurm::qos_ids({"normal", "+slowdown", "-blocked"}, test::small_cluster());
    CHECK_EQ(join(ids, " "), "1 +2 -3");
}

CASE(a_group_and_a_commit_have_commit_group_members_at_most) {
    std::vector<Command> commands;
    for (int i = 0; i < 5; ++i) {
        auto& qos = commands.emplace_back();
        qos.account = "a" + std::to_string(i);
        qos.qos = {"blocked"};
    }
    for (int i = 0; i < 5; ++i) {
        auto& limits = commands.emplace_back();
        limits.type = CommandType::limits;
        limits.account = "a" + std::to_string(i);
        limits.limits = {{"cpu", i / 2}}; // 0 0 1 1 2
    }
    const std::vector<std::optional<Error>> failures(commands.size());
    auto groups = slurm::group(commands, failures, 2);
    CHECK_EQ(groups.size(), 6U); // QOS 2 2 1, limits 2 2 1
    const auto together = slurm::batches(groups, commands, 3);
    CHECK_EQ(together.size(), 5U); // each QOS alone, limits 2 and 2 + 1
    CHECK_EQ(together.back().size(), 2U);
    std::size_t members = 0;
    for (const auto& batch : together)
        for (const auto& one : batch)
            members += one.members.size();
    CHECK_EQ(members, commands.size());
}

} // namespace
