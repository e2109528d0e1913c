// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice token`: tokens for HTTP access over TCP. A new token is printed once, on standard output
// and alone, so that it can be redirected to a file.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {
namespace {

constexpr const char* kTokenPath = "/api/v1/tokens";
constexpr std::string_view kTokenVerbs[] = {"add", "list", "remove"};

constexpr Column kTokenColumns[] = {
    {"name", "Name", 64, "name of the token"},
    {"role", "Role", 8, "staff (reads and changes) or reader (reads only)"},
    {"made", "Made", 25, "time of creation", time_cell},
};

int add_token(const Parsed& parsed) {
    const auto* role = parsed.options.value("role");
    if (parsed.options.words.size() != 1 || role == nullptr)
        return complain(parsed.context, "token add needs a name and a role; usage: sluice token "
                                        "add NAME --role=staff|reader");
    json::Value body = json::Value::object();
    body.set("name", parsed.options.words.front()).set("role", *role);
    const auto answer = client(parsed.context).post(kTokenPath, body);
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    print(parsed.context, (*answer)["token"].text() + '\n');
    warn(parsed.context, "the token is shown only this time");
    return kOk;
}

int remove_token(const Parsed& parsed) {
    if (parsed.options.words.size() != 1)
        return complain(parsed.context,
                        "token remove needs a name; usage: sluice token remove NAME");
    const auto answer =
        client(parsed.context)
            .remove(std::string(kTokenPath) + '/' + percent_encoded(parsed.options.words.front()),
                    json::Value::object());
    return answer ? kOk : complain(parsed.context, answer.error());
}

} // namespace

int run_token(Parsed parsed) {
    const std::string verb = take_verb(parsed, kTokenVerbs);
    if (verb == "add")
        return add_token(parsed);
    if (verb == "list")
        return run_records(parsed, {kTokenColumns, "name,role,made", kTokenPath}, {}, "tokens");
    return verb == "remove" ? remove_token(parsed) : kFailed;
}

} // namespace sluice::cli
