// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice token`: who may ask over TCP. A token is printed once, on standard output and alone, so
// that it can be sent to a file.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/listing.hpp"
#include "cli/subcommands.hpp"
#include "common/base/text.hpp"

#include <array>

namespace sluice::cli {
namespace {

constexpr const char* kTokenPath = "/api/v1/tokens";
constexpr std::array<std::string_view, 3> kTokenVerbs{"add", "list", "remove"};

constexpr std::array kTokenColumns{
    Column{"name", "Name", 64, "name of the token"},
    Column{"role", "Role", 8, "staff or reader"},
    Column{"made", "Made", 19, "when, local time"},
};
constexpr const char* kTokenDefault = "name,role,made";

int list_tokens(const Parsed& parsed) {
    return run_records(
        parsed, {kTokenColumns, kTokenDefault, kTokenPath}, {}, "tokens",
        [](json::View token, bool) -> Row {
            return {token["name"].text(), token["role"].text(), local_time(token, "made")};
        });
}

int add_token(const Parsed& parsed) {
    const auto role = parsed.options.figures.find("role");
    if (parsed.options.words.size() != 1 || role == parsed.options.figures.end())
        return complain(parsed.context, "sluice token add NAME --role=staff|reader");
    json::Value body = json::Value::object();
    body.set("name", parsed.options.words.front()).set("role", role->second);
    const auto answer = client(parsed.context).post(kTokenPath, body);
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    print(parsed.context, (*answer)["token"].text() + '\n');
    warn(parsed.context, "this is the only time that the token is shown");
    return kOk;
}

int remove_token(const Parsed& parsed) {
    if (parsed.options.words.size() != 1)
        return complain(parsed.context, "sluice token remove NAME");
    const auto answer =
        client(parsed.context)
            .remove(std::string(kTokenPath) + '/' + percent_encoded(parsed.options.words.front()),
                    json::Value::object());
    return answer ? kOk : complain(parsed.context, answer.error());
}

} // namespace

int run_token(const Context& context, int argc, char** argv) {
    const auto& self = *find_subcommand("token");
    auto parsed =
        parse_options(context, self, kTable | kJson | kSocket | kWords | kRole, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (helped(parsed, kTokenColumns))
        return kOk;
    const std::string verb = take_verb(parsed, self, kTokenVerbs);
    if (verb == "add")
        return add_token(parsed);
    if (verb == "list")
        return list_tokens(parsed);
    return verb == "remove" ? remove_token(parsed) : kFailed;
}

} // namespace sluice::cli
