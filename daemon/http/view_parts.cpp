// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/view_parts.hpp"

#include "common/base/text.hpp"
#include "daemon/http/render.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::http {
namespace {

using json::Value;

constexpr std::size_t kDefaultLimit = 100;

// Why an account that Slurm has is not listed, and what bounds it instead.
std::string not_judged(const ports::CycleReport& cycle, const std::string& account) {
    std::set<std::string> seen;
    for (auto at = cycle.parents.find(account);
         at != cycle.parents.end() && seen.insert(at->first).second;
         at = cycle.parents.find(at->second))
        if (cycle.decision.find(at->second) != nullptr)
            return "account '" + account + "' has no allocation of its own; it is bounded by '" +
                   at->second + "'";
    return "account '" + account + "' has no policy with an allocation, nor has one above it";
}

Value planned(const std::vector<model::Command>& commands, const std::vector<std::string>& wanted) {
    Value out = Value::array();
    for (const auto& command : commands)
        if (named(wanted, command.account))
            out.append(render(command));
    return out;
}

} // namespace

Value envelope(const Call& call, const ports::DaemonInfo& info, Value warnings) {
    Value meta = Value::object();
    meta.set("program", "sluiced").set("version", info.version).set("api", "v1");
    meta.set("cluster", info.cluster);
    Value viewer = Value::object();
    viewer.set("uid", call.request.viewer.uid).set("staff", call.request.viewer.staff);
    meta.set("viewer", std::move(viewer));
    Value out = Value::object();
    out.set("meta", std::move(meta)).set("errors", Value::array());
    out.set("warnings", std::move(warnings));
    return out;
}

Value envelope(const Call& call) {
    return envelope(call, call.service.info(), Value::array());
}

Value render_problems(const ports::CycleReport& cycle) {
    Value out = Value::array();
    for (const auto& problem : cycle.problems)
        out.append(render(problem));
    for (const auto& text : cycle.decision.problems)
        out.append(render(model::Problem{"", text, ""}));
    return out;
}

Value render_cycle(const ports::CycleReport* cycle, bool staff) {
    if (cycle == nullptr)
        return Value();
    Value out = Value::object();
    out.set("cluster", cycle->cluster);
    put_instant(out, "at", cycle->at);
    put_instant(out, "figures_at", cycle->decision.now);
    out.set("trigger", cycle->trigger).set("dry_run", cycle->dry_run);
    out.set("duration_ms", cycle->duration_ms).set("accounts", cycle->decision.accounts.size());
    out.set("error", staff ? cycle->error : "");
    return out;
}

std::vector<std::string> storage_faults(const ports::PluginServerStatus& server, Instant now) {
    std::vector<std::string> faults;
    for (const auto& plugin : server.plugins)
        if (plugin.fails_to_store(now))
            faults.push_back("plugin on " + plugin.host +
                             ": the snapshot in use is not stored; after a restart slurmctld uses "
                             "an older one; see slurmctld's log on that host");
    return faults;
}

std::vector<std::string> asked(const Request& request) {
    const auto found = request.query.find("account");
    return found == request.query.end() ? std::vector<std::string>() : split(found->second, ',');
}

Response no_account(const Call& call, const ports::CycleReport* cycle, const Visible& visible,
                    const std::string& account) {
    if (cycle != nullptr && visible.sees(account) && cycle->parents.contains(account))
        return failure(404, not_judged(*cycle, account));
    std::vector<std::string> known;
    if (cycle != nullptr)
        for (const auto& each : cycle->decision.accounts)
            if (visible.sees(each.account))
                known.push_back(each.account);
    std::string text = "account '" + account + "' ";
    text += call.request.viewer.staff ? "is not known in Slurm"
                                      : "does not exist, or you do not belong to it";
    const std::string near = nearest(account, known);
    if (!near.empty())
        text += "; did you mean '" + near + "'?";
    return failure(404, text);
}

bool named(const std::vector<std::string>& accounts, const std::string& account) {
    return accounts.empty() ||
           std::find(accounts.begin(), accounts.end(), account) != accounts.end();
}

std::optional<Response> unknown(const Call& call, const ports::CycleReport* cycle,
                                const Visible& visible, const std::vector<std::string>& accounts) {
    for (const auto& account : accounts)
        if (!visible.sees(account) || cycle == nullptr || cycle->decision.find(account) == nullptr)
            return no_account(call, cycle, visible, account);
    return std::nullopt;
}

Value accounts_array(const ports::CycleReport* cycle, const Visible& visible,
                     const std::vector<std::string>& wanted) {
    Value out = Value::array();
    if (cycle == nullptr)
        return out;
    for (const auto& account : cycle->decision.accounts)
        if (visible.sees(account.account) && named(wanted, account.account))
            out.append(render(account));
    return out;
}

Result<std::size_t> limit(const Request& request) {
    const auto found = request.query.find("limit");
    if (found == request.query.end())
        return kDefaultLimit;
    const std::string& text = found->second;
    std::size_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size() || out == 0 || out > kMaxLimit)
        return Error{Errc::malformed, "limit is a number from 1 to " + std::to_string(kMaxLimit)};
    return out;
}

Result<ports::Query> journal_query(const Call& call, const ports::CycleReport* cycle) {
    const auto most = limit(call.request);
    if (!most)
        return most.error();
    const Visible visible(cycle, call.request.viewer);
    ports::Query out{call.service.info().cluster, asked(call.request), *most};
    for (const auto& account : out.accounts)
        if (!visible.sees(account))
            return Error{Errc::not_found,
                         "account '" + account + "' is unknown, or you do not " + "belong to it"};
    if (out.accounts.empty() && !visible.all())
        out.accounts.assign(visible.own().begin(), visible.own().end());
    return out;
}

Value evaluation(const Call& call, const ports::CycleReport& cycle,
                 const std::vector<std::string>& wanted) {
    Value out = envelope(call);
    out.set("cycle", render_cycle(&cycle, true));
    out.set("accounts", accounts_array(&cycle, Visible(&cycle, call.request.viewer), wanted));
    if (cycle.dry_run) {
        out.set("commands", planned(cycle.plan.commands, wanted));
    } else {
        Value applied = Value::array();
        for (const auto& record : cycle.applied)
            if (named(wanted, record.command.account))
                applied.append(render(record));
        out.set("commands", std::move(applied));
    }
    out.set("withheld", planned(cycle.plan.withheld, wanted));
    out.set("problems", render_problems(cycle));
    return out;
}

std::size_t Page::begin(std::size_t count) const {
    return number - 1 > count / std::max<std::size_t>(size, 1)
               ? count
               : std::min(count, (number - 1) * size);
}

std::size_t Page::end(std::size_t count) const {
    const std::size_t from = begin(count);
    return size > count - from ? count : from + size;
}

Result<Page> page_of(const Request& request, std::size_t size_without, std::size_t most) {
    Page out{1, size_without};
    const auto take = [&](const char* key, std::size_t& into, std::size_t largest) {
        const auto found = request.query.find(key);
        if (found == request.query.end())
            return true;
        const auto& text = found->second;
        const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), into);
        return fault == std::errc{} && end == text.data() + text.size() && into >= 1 &&
               into <= largest;
    };
    if (!take("page", out.number, 1'000'000))
        return Error{Errc::not_found, "Invalid page."};
    if (!take("page_size", out.size, most))
        return Error{Errc::malformed, "page_size is a number from 1 to " + std::to_string(most)};
    return out;
}

void put_paging(Response& response, const Request& request, const Page& page, std::size_t count) {
    response.headers.emplace_back("X-Result-Count", std::to_string(count));
    if (page.size >= SIZE_MAX)
        return;
    std::string rest;
    for (const auto& [key, value] : request.query)
        if (key != "page")
            rest += '&' + percent_encoded(key) + '=' + percent_encoded(value);
    std::string link;
    const auto add = [&](std::size_t number, const char* rel) {
        link += (link.empty() ? "<" : ", <") + request.origin + percent_encoded(request.path, "/") +
                "?page=" + std::to_string(number) + rest + ">; rel=\"" + rel + '"';
    };
    const std::size_t last = std::max<std::size_t>(1, (count + page.size - 1) / page.size);
    add(1, "first");
    if (page.number > 1)
        add(page.number - 1, "prev");
    if (page.number < last)
        add(page.number + 1, "next");
    add(last, "last");
    response.headers.emplace_back("Link", std::move(link));
}

} // namespace sluice::http
