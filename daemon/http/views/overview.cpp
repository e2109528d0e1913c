// SPDX-License-Identifier: GPL-2.0-or-later
// What the first view of the page shows beside the accounts, bounded however many there are.
#include "daemon/http/views/accounts_query.hpp"
#include "daemon/http/views/common.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>
#include <map>

namespace sluice::http {
namespace {

using json::Value;

constexpr std::size_t kMostGroups = 20;
constexpr std::size_t kMostNames = 10; // of the accounts of a group

Value counts(const ports::CycleReport& cycle, const Visible& visible) {
    std::map<std::string_view, std::size_t> out{{"accounts", 0},   {"normal", 0}, {"warned", 0},
                                                {"downscaled", 0}, {"paused", 0}, {"observed", 0},
                                                {"overridden", 0}, {"failed", 0}};
    for (const auto& account : cycle.decision.accounts) {
        if (!visible.sees(account.account))
            continue;
        ++out["accounts"];
        ++out[counted_as(account)];
        out["overridden"] += account.in_force ? 1 : 0;
        out["failed"] += account.error.empty() ? 0 : 1;
    }
    Value shown = Value::object();
    for (const auto& [word, number] : out)
        shown.set(word, number);
    return shown;
}

struct Group {
    const model::Problem* first = nullptr;
    std::vector<std::string> accounts; // the first ones
    std::size_t count = 0;
};

// Problems with one remedy are one to a person. Without a remedy: those with one text.
Value attention(const ports::DaemonInfo& info, const ports::CycleReport* cycle) {
    std::vector<model::Problem> problems = info.problems;
    if (cycle != nullptr) {
        problems.insert(problems.end(), cycle->problems.begin(), cycle->problems.end());
        for (const auto& text : cycle->decision.problems)
            problems.push_back({"", text, ""});
        for (const auto& account : cycle->decision.accounts)
            if (!account.error.empty())
                problems.push_back({account.account, account.error, ""});
    }
    std::map<std::string, Group> groups;
    for (const auto& problem : problems) {
        auto& group = groups[problem.remedy.empty() ? '=' + problem.what : problem.remedy];
        if (group.first == nullptr)
            group.first = &problem;
        if (++group.count <= kMostNames && !problem.account.empty())
            group.accounts.push_back(problem.account);
    }
    std::vector<const Group*> sorted;
    for (const auto& [key, group] : groups)
        sorted.push_back(&group);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Group* a, const Group* b) { return a->count > b->count; });
    sorted.resize(std::min(sorted.size(), kMostGroups));
    return object(kv("problems", problems.size()), kv("groups", groups.size()),
                  kv("largest", array_of(sorted, [](const Group* group) {
                         return object(kv("what", group->first->what),
                                       kv("remedy", group->first->remedy),
                                       kv("count", group->count), kv("accounts", group->accounts));
                     })));
}

} // namespace

Response view_overview(const Call& call) {
    const bool staff = call.request.viewer.sees_all();
    // Before the cycle, as in view_status.
    const auto running = call.status.under_way();
    const CyclePtr cycle = call.status.last_cycle();
    const auto info = call.status.info();
    const auto server = call.status.plugin_server();
    const Visible visible(cycle.get(), call.request.viewer);
    Value out = envelope(call, info, warnings(info, cycle.get(), server, staff));
    std::vector<std::string> policies;
    const auto set = call.status.policies();
    for (const auto& policy : set->policies)
        policies.push_back(policy.name);
    put(out, kv("daemon", render_info(info, staff)), kv("cycle", render_cycle(cycle.get(), staff)),
        kv("evaluation_under_way", render_under_way(running)), kv("plugins", server.plugins.size()),
        kv("clusters", call.services.names()), kv("policies", policies),
        kv("counts", cycle ? counts(*cycle, visible) : Value()),
        kv("attention", staff ? attention(info, cycle.get()) : Value()));
    if (staff)
        if (const auto messages = call.services.outbox.counts())
            out.set("outbox", rendered(*messages));
    return ok(out);
}

} // namespace sluice::http
