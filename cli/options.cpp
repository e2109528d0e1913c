// SPDX-License-Identifier: GPL-2.0-or-later
// One table feeds getopt_long, the help text and the suggestions for a mistyped option.
#include "cli/options.hpp"

#include "cli/subcommands.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include "config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <getopt.h>

namespace sluice::cli {
namespace {

enum LongOnly {
    kDelimiter = 256,
    kHelpFormat,
    kJsonOption,
    kDryRunOption,
    kSocketOption,
    kUsage,
    kAllocation,
    kGraceRatio,
    kPreviousUsage,
    kCarryoverFactor,
    kNoCarryover,
    kCurrentUsage,
    kDailyRate,
    kReasonOption,
    kFromOption,
    kUntilOption,
    kLabelOption,
    kPeriodOption,
    kBeforeOption,
    kAllOption,
    kRoleOption,
    kTestOption,
    kByUserOption
};

struct Spec {
    const char* name;
    int id; // the letter when it has one
    const char* argument;
    unsigned group; // 0: always
    const char* help;
};

constexpr std::array kSpecs{
    Spec{"accounts", 'A', "LIST", kAccounts, "these accounts (comma-separated)"},
    Spec{"all", kAllOption, nullptr, kAll, "also those that are over"},
    Spec{"before", kBeforeOption, "TIME", kBefore,
         "older than this (default: as old as retention_days)"},
    Spec{"by-user", kByUserOption, nullptr, kByUser, "who used it, the most first"},
    Spec{"cluster", 'M', "NAME", kCluster,
         "of this cluster (default: of all that the daemon serves)"},
    Spec{"delimiter", kDelimiter, "TEXT", kTable, "between the fields of -p and -P (default |)"},
    Spec{"dry-run", kDryRunOption, nullptr, kDryRun, "decide and show, change nothing"},
    Spec{"format", 'o', "FIELDS", kTable, "fields with widths: f1,f2%20,f3%-20 (- is left)"},
    Spec{"from", kFromOption, "TIME", kSpan, "begins then (default now)"},
    Spec{"helpformat", kHelpFormat, nullptr, kTable, "list the fields that --format knows"},
    Spec{"json", kJsonOption, nullptr, kJson, "the answer as JSON"},
    Spec{"limit", 'l', "N", kLimit, "at most N records, newest first (default 100)"},
    Spec{"noheader", 'n', nullptr, kTable, "no header and no remarks"},
    Spec{"parsable", 'p', nullptr, kTable, "fields separated by |, also a trailing one"},
    Spec{"parsable2", 'P', nullptr, kTable, "fields separated by |, no trailing one"},
    Spec{"period", kLabelOption, "LABEL", kLabel, "the period it counts in (default this one)"},
    Spec{"period", kPeriodOption, nullptr, kPeriod, "the running period"},
    Spec{"reason", kReasonOption, "TEXT", kReason, "why; kept with the entry"},
    Spec{"test", kTestOption, nullptr, kTest, "show the texts on invented figures, send nothing"},
    Spec{"until", kUntilOption, "TIME", kSpan,
         "ends then: 2026-12-01, 2026-12-01T12:00, now+3days"},
    Spec{"role", kRoleOption, "ROLE", kRole, "staff (may change things) or reader"},
    Spec{"user", 'u', "NAME", kUser, "as this user sees it (staff only, unless it is you)"},
    Spec{"allocation", kAllocation, "HOURS", kFigures, "granted for the period (default 1000)"},
    Spec{"grace-ratio", kGraceRatio, "RATIO", kFigures, "0.2 is up to 120 % (default 0.2)"},
    Spec{"previous-usage", kPreviousUsage, "HOURS", kFigures, "in the period before (default 0)"},
    Spec{"carryover-factor", kCarryoverFactor, "PERCENT", kFigures,
         "most that is carried over (default 50)"},
    Spec{"no-carryover", kNoCarryover, nullptr, kFigures, "carry nothing over"},
    Spec{"current-usage", kCurrentUsage, "HOURS", kFigures, "in this period (default 0)"},
    Spec{"daily-rate", kDailyRate, "HOURS", kFigures, "used a day from now on (default 0)"},
    Spec{"quiet", 'Q', nullptr, 0, "no warnings and no remarks"},
    Spec{"socket", kSocketOption, "PATH", kSocket, "the daemon's socket (also SLUICE_SOCKET)"},
    Spec{"verbose", 'v', nullptr, 0, "say what is asked of the daemon"},
    Spec{"usage", kUsage, nullptr, 0, "one line of usage"},
    Spec{"help", 'h', nullptr, 0, "this text"},
    Spec{"version", 'V', nullptr, 0, "name and version"},
};

bool taken(const Spec& spec, unsigned groups) {
    return spec.group == 0 || (spec.group & groups) != 0;
}

struct Getopt {
    std::string letters = ":";
    std::vector<option> names;
};

Getopt getopt_tables(unsigned groups) {
    Getopt out;
    for (const auto& spec : kSpecs) {
        if (!taken(spec, groups))
            continue;
        const int argument = spec.argument != nullptr ? required_argument : no_argument;
        out.names.push_back({spec.name, argument, nullptr, spec.id});
        if (spec.id >= 256)
            continue;
        out.letters += static_cast<char>(spec.id);
        if (spec.argument != nullptr)
            out.letters += ':';
    }
    out.names.push_back({nullptr, 0, nullptr, 0});
    return out;
}

// "  -o, --format=FIELDS"
std::string spelt(const Spec& spec) {
    std::string out = spec.id < 256 ? std::string("  -") + static_cast<char>(spec.id) + ", --"
                                    : std::string("      --");
    out += spec.name;
    if (spec.argument != nullptr)
        out += std::string("=") + spec.argument;
    return out;
}

std::string usage(const Subcommand& self) {
    std::string out = std::string("Usage: sluice ") + self.name + " [OPTIONS]";
    if (*self.arguments != '\0')
        out += std::string(" ") + self.arguments;
    return out + '\n';
}

std::string unknown_option(const Subcommand& self, unsigned groups, const std::string& word) {
    std::string text = "unrecognized option '" + word + "'";
    std::vector<std::string> known;
    for (const auto& spec : kSpecs)
        if (taken(spec, groups))
            known.push_back(std::string("--") + spec.name);
    const std::string near = word.starts_with("--") ? nearest(word, known) : "";
    if (!near.empty())
        text += "; did you mean " + near + "?";
    return text + " (sluice " + self.name + " --help)";
}

struct Reader {
    Parsed& parsed;
    const Subcommand& self;
    unsigned groups;

    void finish(int code) { parsed.done = code; }

    bool limit(std::string_view text) {
        std::size_t n = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
        if (error != std::errc() || end != text.data() + text.size() || n == 0 || n > 10000)
            return false;
        parsed.options.limit = n;
        return true;
    }

    // No account at all would mean all of them.
    void accounts(const char* list) {
        auto names = split(list, ',');
        if (names.empty())
            finish(complain(parsed.context, "'" + std::string(list) +
                                                "' names no account; give account names separated "
                                                "by commas, or leave the list out"));
        for (auto& name : names)
            parsed.options.accounts.push_back(std::move(name));
    }

    // Options that take a value.
    bool valued(int id, const char* value) {
        auto& options = parsed.options;
        switch (id) {
        case 'A':
            accounts(value);
            return true;
        case 'M':
            parsed.context.cluster = value;
            return true;
        case 'o':
            options.format = value;
            return true;
        case 'u':
            options.user = value;
            return true;
        case kDelimiter:
            options.delimiter = value;
            if (const auto bad = first_unprintable(value, Breaks::kept); !bad.empty())
                finish(complain(parsed.context, "--delimiter holds " + bad +
                                                    ", which is not printed; give printable "
                                                    "characters or a tab"));
            return true;
        case kSocketOption:
            parsed.context.socket = value;
            return true;
        case 'l':
            if (!limit(value))
                finish(complain(parsed.context, "--limit takes a number from 1 to 10000, not '" +
                                                    std::string(value) + "'"));
            return true;
        default:
            return figure(id, value);
        }
    }

    bool figure(int id, const char* value) {
        constexpr unsigned kKept = kFigures | kReason | kSpan | kLabel | kBefore | kRole;
        for (const auto& spec : kSpecs)
            if (spec.id == id && (spec.group & kKept) != 0) {
                parsed.options.figures[spec.name] = value;
                return true;
            }
        return false;
    }

    bool flag(int id) {
        auto& options = parsed.options;
        switch (id) {
        case 'n':
            return options.noheader = true;
        case 'p':
            return options.parsable = true;
        case 'P':
            return options.parsable2 = true;
        case kHelpFormat:
            return options.helpformat = true;
        case kJsonOption:
            return options.json = true;
        case kDryRunOption:
            return options.dry_run = true;
        case kPeriodOption:
            return options.period = true;
        case kTestOption:
            return options.test = true;
        case kByUserOption:
            return options.by_user = true;
        case kAllOption:
            return options.all = true;
        case 'Q':
            return parsed.context.quiet = true;
        case 'v':
            return ++parsed.context.verbose > 0;
        default:
            return false;
        }
    }

    bool text(int id) {
        if (id == 'h')
            print(parsed.context, help_text(self, groups));
        else if (id == 'V')
            print(parsed.context, "sluice " PACKAGE_VERSION "\n");
        else if (id == kUsage)
            print(parsed.context, usage(self));
        else
            return false;
        finish(kOk);
        return true;
    }
};

} // namespace

std::string help_text(const Subcommand& self, unsigned groups) {
    if (*self.name == '\0')
        return overview();
    std::size_t widest = 0;
    for (const auto& spec : kSpecs)
        if (taken(spec, groups))
            widest = std::max(widest, spelt(spec).size());
    std::string out = usage(self) + self.summary + ".\n\nOptions:\n";
    for (const auto& spec : kSpecs) {
        if (!taken(spec, groups))
            continue;
        std::string left = spelt(spec);
        left.resize(widest + 2, ' ');
        out += left + spec.help + '\n';
    }
    return out;
}

Parsed parse_options(const Context& context, const Subcommand& self, unsigned groups, int argc,
                     char** argv) {
    Parsed parsed{context, {}, std::nullopt};
    Reader reader{parsed, self, groups};
    const Getopt tables = getopt_tables(groups);
    optind = 0; // glibc: begin anew, also the permutation
    opterr = 0;
    while (!parsed.done) {
        const int id =
            getopt_long(argc, argv, tables.letters.c_str(), tables.names.data(), nullptr);
        if (id == -1)
            break;
        const bool is_long = optopt == 0 || optopt >= 256;
        if (id == ':')
            reader.finish(complain(parsed.context,
                                   "option '" + std::string(argv[optind - 1]) + "' needs a value"));
        else if (id == '?')
            reader.finish(
                complain(parsed.context,
                         unknown_option(self, groups,
                                        is_long ? argv[optind - 1]
                                                : std::string("-") + static_cast<char>(optopt))));
        else if (!reader.flag(id) && !reader.valued(id, optarg != nullptr ? optarg : ""))
            reader.text(id);
    }
    if (parsed.done)
        return parsed;
    if (Rounds* rounds = context.rounds; rounds != nullptr) {
        rounds->json = parsed.options.json;
        rounds->headings = !parsed.options.noheader;
    }
    if ((groups & kFile) != 0 && optind < argc)
        parsed.options.file = argv[optind++];
    for (int i = optind; i < argc && (groups & kWords) != 0; ++i)
        parsed.options.words.emplace_back(argv[i]);
    for (int i = optind; i < argc && (groups & kWords) == 0; ++i)
        reader.accounts(argv[i]);
    if ((groups & kAccounts) == 0 && !parsed.options.accounts.empty())
        parsed.done =
            complain(parsed.context, "unexpected argument '" + parsed.options.accounts.front() +
                                         "' (sluice " + self.name + " --help)");
    return parsed;
}

} // namespace sluice::cli
