// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/report.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {

Client client(const Context& context) {
    Rounds* rounds = context.rounds;
    const bool asks = rounds != nullptr && !rounds->running;
    return Client(context.socket, context.cluster, asks ? &rounds->clusters : nullptr);
}

Result<Table> sheet(const Parsed& parsed, std::span<const Column> catalogue,
                    const char* default_format) {
    const std::string& named = parsed.options.format;
    auto chosen = choose(catalogue, named.empty() ? default_format : named);
    if (!chosen)
        return std::move(chosen).error();
    return Table{catalogue, std::move(*chosen), style(parsed.options), {}};
}

bool helped(const Parsed& parsed, std::span<const Column> catalogue) {
    if (parsed.options.helpformat)
        print(parsed.context, fields_help(catalogue));
    return parsed.options.helpformat;
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

int print_json(const Parsed& parsed, const json::Value& answer) {
    print(parsed.context, answer.indented() + '\n');
    return kOk;
}

void remark(const Parsed& parsed, const std::string& text) {
    const auto& options = parsed.options;
    if (!options.noheader && !options.parsable && !options.parsable2 && !parsed.context.quiet)
        print(parsed.context, text);
}

} // namespace sluice::cli
