// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/report.hpp"

#include "cli/figures.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace sluice::cli {

Client client(const Context& context) {
    ClusterRuns* runs = context.runs;
    const bool asks = runs != nullptr && !runs->running;
    return Client(find_route(context), context.cluster, asks ? &runs->clusters : nullptr,
                  runs != nullptr ? &runs->server : nullptr);
}

Result<json::Value> ask(const Parsed& parsed, const std::string& path,
                        const Parameters& parameters) {
    const Client asked = client(parsed.context);
    trace(parsed.context, "GET " + target(path, parameters) + " on " + asked.label());
    auto answer = asked.get(path, parameters);
    if (!answer)
        return answer;
    const std::string cluster = (*answer)["meta"]["cluster"].text();
    const std::string& wanted = parsed.context.cluster;
    if (!wanted.empty() && wanted != cluster)
        return Error{Errc::not_found,
                     "this daemon serves cluster '" + cluster + "', not '" + wanted + "'"};
    for_people(parsed, *answer);
    if (!parsed.options.json)
        for (const auto& each : (*answer)["warnings"].items())
            warn(parsed.context, each["description"].text());
    return answer;
}

Zone zone_of(const json::Value& answer) {
    const std::string name = answer["meta"]["timezone"].text();
    auto zone = Zone::load(name == "local" ? "" : name);
    if (!zone)
        zone = Zone::posix(name);
    return zone ? std::move(*zone) : Zone();
}

void for_people(const Parsed& parsed, json::Value& answer) {
    if (!parsed.options.json)
        answer.each_text([](std::string_view text) { return printable(text); });
}

Parameters parameters(const Options& options) {
    Parameters out;
    if (!options.accounts.empty())
        out.emplace_back("account", join(options.accounts, ","));
    if (options.limit)
        out.emplace_back("limit", std::to_string(*options.limit));
    if (const auto* start = options.value("starttime"))
        out.emplace_back("start", *start);
    if (const auto* end = options.value("endtime"))
        out.emplace_back("end", *end);
    return out;
}

std::vector<ProblemGroup> problem_groups(const std::vector<json::View>& problems) {
    std::vector<ProblemGroup> groups;
    std::map<std::pair<std::string, std::string>, std::size_t> known;
    for (const auto& problem : problems) {
        const std::string account = problem["account"].text();
        const auto remedy = problem["remedy"].text();
        // The same problem of many accounts: its text and its remedy name none of them.
        const bool alike =
            !account.empty() && problem["what"].text().find(account) == std::string::npos;
        const auto [at, fresh] = known.try_emplace(
            {problem["what"].text() + (alike ? "" : '\n' + account), remedy}, groups.size());
        if (fresh)
            groups.push_back({account, problem["what"].text(), remedy, 0});
        ++groups[at->second].count;
    }
    return groups;
}

std::string problem_lines(const json::Value& answer) {
    constexpr std::size_t kMaxGroups = 20;
    const auto groups = problem_groups(answer["problems"].items());
    std::string out;
    for (std::size_t i = 0; i < std::min(groups.size(), kMaxGroups); ++i) {
        const auto& group = groups[i];
        out += "  " + (group.account.empty() ? "" : group.account + group.others() + ": ") +
               group.what + '\n';
        if (!group.remedy.empty())
            out += "      remedy: " + group.remedy + '\n';
    }
    if (groups.size() > kMaxGroups)
        out += "  and " + std::to_string(groups.size() - kMaxGroups) +
               " more problems; --json has all of them\n";
    return out;
}

std::string ProblemGroup::others() const {
    return count < 2 ? "" : " and " + counted(count - 1, "more account");
}

int print_json(const Parsed& parsed, const json::Value& answer) {
    print(parsed.context, answer.indented() + '\n');
    return kOk;
}

int print_fields(const Parsed& parsed, std::span<const Column> columns) {
    print(parsed.context, fields_help(columns));
    return kOk;
}

void remark(const Parsed& parsed, const std::string& text) {
    const auto& style = parsed.options.style;
    if (style.header && style.separation == Separation::columns && !parsed.context.quiet)
        print(parsed.context, text);
}

Result<Table> table(const Parsed& parsed, std::span<const Column> columns, const char* shown) {
    const auto* named = parsed.options.value("format");
    return Table::make(columns, named != nullptr && !named->empty() ? *named : shown,
                       parsed.options.style, parsed.context.clock.now());
}

void print_table(const Parsed& parsed, const Table& table) {
    print_coloured(parsed.context, table.text());
}

int run_listing(const Parsed& parsed, const Listing& listing, const Parameters& query,
                const Show& show) {
    if (parsed.options.helpformat)
        return print_fields(parsed, listing.columns);
    auto empty = table(parsed, listing.columns, listing.shown);
    if (!empty)
        return complain(parsed.context, empty.error());
    if (const auto* named = parsed.options.value("format"); named == nullptr || named->empty())
        empty->fit(listing.fit);
    const auto answer = ask(parsed, listing.path, query);
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    empty->in_zone(zone_of(*answer));
    return show(parsed, *answer, std::move(*empty));
}

int run_records(const Parsed& parsed, const Listing& listing, const Parameters& query,
                const char* key) {
    return run_listing(parsed, listing, query,
                       [&](const Parsed&, const json::Value& answer, Table table) {
                           for (const auto& record : answer[key].items())
                               table.add(record);
                           print_table(parsed, table);
                           return kOk;
                       });
}

} // namespace sluice::cli
