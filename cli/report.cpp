// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/report.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <utility>

namespace sluice::cli {

Client client(const Context& context) {
    ClusterRuns* runs = context.runs;
    const bool asks = runs != nullptr && !runs->running;
    return Client(context.socket, context.cluster, asks ? &runs->clusters : nullptr);
}

Result<json::Value> ask(const Parsed& parsed, const std::string& path,
                        const Parameters& parameters) {
    trace(parsed.context, "GET " + target(path, parameters) + " on " + parsed.context.socket);
    auto answer = client(parsed.context).get(path, parameters);
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
    return out;
}

std::string problem_lines(const json::Value& answer) {
    std::string out;
    for (const auto& problem : answer["problems"].items()) {
        const std::string account = problem["account"].text();
        out += "  " + (account.empty() ? "" : account + ": ") + problem["what"].text() + '\n';
        if (const std::string remedy = problem["remedy"].text(); !remedy.empty())
            out += "      remedy: " + remedy + '\n';
    }
    return out;
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

int run_listing(const Parsed& parsed, const Listing& listing, const Parameters& query,
                const Show& show) {
    if (parsed.options.helpformat)
        return print_fields(parsed, listing.columns);
    auto empty = table(parsed, listing.columns, listing.shown);
    if (!empty)
        return complain(parsed.context, empty.error());
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
                           print(parsed.context, table.text());
                           return kOk;
                       });
}

} // namespace sluice::cli
