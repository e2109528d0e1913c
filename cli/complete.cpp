// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/complete.hpp"

#include "cli/client.hpp"
#include "cli/sbatch_options.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <set>
#include <string_view>

namespace sluice::cli {
namespace {

constexpr unsigned kGlobal = kSocket | kCluster;
constexpr const char* kStandings = "normal downscaled paused";

struct Typed {
    Context context;
    const Subcommand* subcommand = nullptr;
    std::vector<std::string> arguments; // before the word that is completed
    const OptionHelp* open = nullptr;   // the option whose value is completed, as a word of its own
    std::vector<OptionHelp> options;    // of the subcommand, or the global ones
    std::string current;
};

const OptionHelp* option_of(const std::vector<OptionHelp>& options, std::string_view word) {
    for (const auto& each : options)
        if (word == "--" + each.name ||
            (each.letter != 0 && word.size() == 2 && word[0] == '-' && word[1] == each.letter))
            return &each;
    return nullptr;
}

void apply(Context& context, const std::string& name, const std::string& value) {
    if (name == "socket") {
        context.socket = value;
        context.place.fixed = true;
        context.place.server.clear();
    }
    if (name == "server")
        context.place.server = value;
    if (name == "ca-file")
        context.place.ca_file = value;
    if (name == "cluster")
        context.cluster = value;
}

// Of `quote`: those of sbatch that a quote reads, beside our own, whose names come first.
std::vector<OptionHelp> offered_by(const Subcommand& self) {
    auto out = options_of(self.groups);
    if ((self.groups & kSbatch) == 0)
        return out;
    for (const auto& each : kOptions) {
        const bool ours = std::any_of(out.begin(), out.end(), [&](const OptionHelp& option) {
            return option.name == each.name;
        });
        if (ours || each.use != Use::read)
            continue;
        OptionHelp option;
        option.name = each.name;
        option.letter = each.letter;
        option.valued = each.argument == required_argument;
        option.help = "as in sbatch";
        option.words = option.name == "account" ? "@accounts" : "";
        out.push_back(std::move(option));
    }
    return out;
}

Typed line_of(const Context& context, const std::vector<std::string>& words) {
    Typed out{context, nullptr, {}, nullptr, {}, words.empty() ? "" : words.back()};
    out.context.runs = nullptr;
    out.options = options_of(kGlobal);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const auto& word = words[i];
        if (!word.starts_with('-') || word == "-") {
            if (out.subcommand != nullptr) {
                out.arguments.push_back(word);
                continue;
            }
            out.subcommand = find_subcommand(word);
            if (out.subcommand == nullptr)
                return out;
            out.options = offered_by(*out.subcommand);
            continue;
        }
        const auto equals = word.find('=');
        const auto* option = option_of(out.options, word.substr(0, equals));
        if (option == nullptr)
            continue;
        if (equals != std::string::npos)
            apply(out.context, option->name, word.substr(equals + 1));
        else if (option->valued && i + 2 == words.size())
            out.open = option;
        else if (option->valued)
            apply(out.context, option->name, words[++i]);
    }
    return out;
}

// Names that no shell expands: an account can be called $(command).
bool is_harmless(std::string_view text) {
    return !text.empty() &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_.:@%+-") == std::string_view::npos;
}

std::vector<std::string> harmless(const std::set<std::string>& names) {
    std::vector<std::string> out;
    std::copy_if(names.begin(), names.end(), std::back_inserter(out), is_harmless);
    return out;
}

// Texts of one field of the records at `key`.
std::vector<std::string> asked(const Typed& line, const std::string& path, const char* key,
                               const char* field, Parameters query = {}) {
    const auto answer = Client(find_route(line.context), line.context.cluster).get(path, query);
    std::set<std::string> out;
    if (answer)
        for (const auto& each : (*answer)[key].items())
            out.insert(each[field].text());
    return harmless(out);
}

std::vector<std::string> accounts(const Typed& line, std::string_view typed) {
    return asked(line, "/api/v1/accounts", "accounts", "account",
                 {{"fields", "account"}, {"search", std::string(typed)}});
}

std::vector<std::string> components(const Typed& line) {
    const auto answer = Client(find_route(line.context), line.context.cluster)
                            .get("/api/v1/accounts",
                                 {{"account", line.arguments.size() > 1 ? line.arguments[1] : ""},
                                  {"fields", "components"}});
    std::set<std::string> names;
    if (answer)
        for (const auto& account : (*answer)["accounts"].items())
            for (const auto& component : account["components"].items())
                names.insert(component["component"].text());
    auto out = harmless(names);
    for (auto& name : out)
        name += '=';
    return out;
}

std::vector<std::string> clusters(const Typed& line) {
    const auto answer = Client(find_route(line.context)).get("/api/v1/info", {});
    std::vector<std::string> several;
    if (!answer) // which one is meant, if it serves several
        (void)Client(find_route(line.context), "", &several).get("/api/v1/info", {});
    else
        several = (*answer)["clusters"].texts();
    std::set<std::string> names(several.begin(), several.end());
    if (answer && names.empty())
        names.insert((*answer)["meta"]["cluster"].text());
    return harmless(names);
}

// The fields of the subcommand's table with their meaning, as --helpformat has them.
std::vector<std::string> fields(const Typed& line) {
    char* data = nullptr;
    std::size_t size = 0;
    std::FILE* memory = ::open_memstream(&data, &size);
    if (memory == nullptr)
        return {};
    Context context = line.context;
    context.out = memory;
    std::string name = line.subcommand->name;
    std::string option = "--helpformat";
    char* argv[] = {name.data(), option.data(), nullptr};
    run_subcommand(*line.subcommand, context, 2, argv);
    std::fclose(memory);
    std::vector<std::string> out;
    for (const auto& row : split(std::string_view(data, size), '\n')) {
        const auto end = row.find(' ');
        out.push_back(row.substr(0, end) +
                      (end == std::string::npos ? "" : '\t' + std::string(trim(row.substr(end)))));
    }
    std::free(data);
    return out;
}

// What may stand for a word of this kind; `typed` is its part so far.
std::vector<std::string> words_of(const Typed& line, std::string_view kind,
                                  std::string_view typed) {
    if (kind == "@accounts")
        return accounts(line, typed);
    if (kind == "@clusters")
        return clusters(line);
    if (kind == "@components")
        return components(line);
    if (kind == "@fields")
        return fields(line);
    if (kind == "@overridden")
        return asked(line, "/api/v1/overrides", "overrides", "account", {{"in_force", "true"}});
    if (kind == "@periods")
        return asked(line, "/api/v1/accounts", "accounts", "billing_period",
                     {{"fields", "billing_period"}});
    if (kind == "@policies")
        return asked(line, "/api/v1/policies", "policies", "name");
    if (kind == "@subcommands") {
        std::vector<std::string> out;
        for (const auto& each : subcommands())
            out.push_back(std::string(each.name) + '\t' + each.summary);
        return out;
    }
    if (kind.starts_with('@'))
        return {':' + std::string(kind.substr(1))}; // of the shell
    return split(kind, ' ');
}

// Which words stand in the place of a word of the usage: "ACCOUNT...", "COMPONENT=UNITS...".
std::string_view kind_of(std::string_view place) {
    if (place.starts_with("ID|"))
        return "@overridden";
    if (place.starts_with("ACCOUNT"))
        return "@accounts";
    if (place.starts_with("STANDING"))
        return kStandings;
    if (place.starts_with("COMPONENT="))
        return "@components";
    if (place.starts_with("FILE") || place.starts_with("SCRIPT"))
        return "@files";
    return place.starts_with("SUBCOMMAND") ? "@subcommands" : "";
}

// "[ACCOUNT...]" without its brackets
std::string bare(std::string text) {
    std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
    return text;
}

// The kind of the next argument, by the forms of the subcommand.
std::string kind_of_argument(const Typed& line) {
    std::string verbs;
    for (const auto& form : split(line.subcommand->arguments, '\n')) {
        std::vector<std::string> places;
        for (const auto& place : split(bare(form), ' '))
            if (!place.starts_with('-') && place != "|")
                places.push_back(place);
        if (places.empty())
            continue;
        const auto& verb = places.front();
        const bool has_verb =
            verb.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
        if (has_verb && line.arguments.empty()) {
            verbs += (verbs.empty() ? "" : " ") + verb;
            continue;
        }
        if (has_verb && line.arguments.front() != verb)
            continue;
        if (line.arguments.size() < places.size())
            return std::string(kind_of(places[line.arguments.size()]));
        return places.back().ends_with("...") ? std::string(kind_of(places.back())) : "";
    }
    return verbs;
}

// Those of `words` that continue the last one of a list "a,b,c" behind `before`.
void print_matching(const Typed& line, const std::vector<std::string>& words,
                    const std::string& before, std::string_view typed) {
    for (const auto& word : words)
        if (word.starts_with(':') || lower(word).starts_with(lower(typed)))
            print(line.context, (word.starts_with(':') ? "" : before) + word + '\n');
}

void complete_value(const Typed& line, const OptionHelp& option, const std::string& before,
                    const std::string& value) {
    const bool list = option.argument == "LIST" || option.argument == "FIELDS";
    const auto comma = list ? value.rfind(',') : std::string::npos;
    const std::string first = comma == std::string::npos ? "" : value.substr(0, comma + 1);
    const std::string last = value.substr(first.size());
    print_matching(line, words_of(line, option.words, last), before + first, last);
}

} // namespace

int complete(const Context& context, const std::vector<std::string>& words) {
    const Typed line = line_of(context, words);
    const auto& current = line.current;
    if (line.open != nullptr) {
        complete_value(line, *line.open, "", current);
        return kOk;
    }
    const auto equals = current.find('=');
    if (current.starts_with("--") && equals != std::string::npos) {
        if (const auto* option = option_of(line.options, current.substr(0, equals)))
            complete_value(line, *option, current.substr(0, equals + 1),
                           current.substr(equals + 1));
        return kOk;
    }
    if (current.starts_with('-')) {
        for (const auto& each : line.options)
            print_matching(line, {"--" + each.name + (each.valued ? "=" : "") + '\t' + each.help},
                           "", current);
        return kOk;
    }
    const std::string kind = line.subcommand == nullptr ? "@subcommands" : kind_of_argument(line);
    // After a first word that is no subcommand there is nothing to offer.
    if (line.subcommand == nullptr && words.size() > 1 &&
        std::any_of(words.begin(), words.end() - 1, [&](const std::string& word) {
            return !word.starts_with('-') && line.context.socket != word &&
                   line.context.cluster != word;
        }))
        return kOk;
    if (!kind.empty())
        print_matching(line, words_of(line, kind, current), "", current);
    return kOk;
}

} // namespace sluice::cli
