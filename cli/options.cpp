// SPDX-License-Identifier: GPL-2.0-or-later
// One table feeds getopt_long, the help text and the suggestions for a mistyped option.
#include "cli/options.hpp"

#include "cli/route.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include "config.h"

#include <algorithm>
#include <getopt.h>

namespace sluice::cli {
namespace {

struct Spec {
    const char* name;
    char letter;          // 0: none
    const char* argument; // nullptr: takes no value; "[N]": may be left out
    std::uint64_t group;  // 0: every subcommand
    const char* help;
    bool Options::*flag = nullptr; // set by the option
    const char* words = "";        // for completion, see OptionHelp

    bool optional() const { return argument != nullptr && *argument == '['; }
};

constexpr Spec kSpecs[] = {
    {"accounts", 'A', "LIST", kAccounts, "accounts, separated by commas", nullptr, "@accounts"},
    {"all", 0, nullptr, kAll,
     "expired and ended overrides too; all accounts that wait; all users' sessions", &Options::all},
    {"before", 0, "TIME", kBefore, "delete what is older (default: retention_days)", nullptr,
     "now-30days now-90days now-365days"},
    {"by-user", 0, nullptr, kByUser, "one row per user, highest usage first", &Options::by_user},
    {"ca-file", 0, "FILE", kSocket, "CA of the server's certificate (default: $SLUICE_CA_FILE)",
     nullptr, "@files"},
    {"cluster", 'M', "NAME", kCluster, "this cluster (default: all clusters of the daemon)",
     nullptr, "@clusters"},
    {"config", 0, "FILE", kConfig, "with --dry-run: by the rules of this file, not those in force",
     nullptr, "@files"},
    {"confirm", 0, nullptr, kConfirm, "accept the new or lost rules that wait (needs a reason)",
     &Options::confirm},
    {"delimiter", 0, "TEXT", kTable, "field delimiter of -p and -P (default: |)"},
    {"dry-run", 0, nullptr, kDryRun, "show the effect, change nothing", &Options::dry_run},
    {"failed", 0, nullptr, kResult, "only failed commands", &Options::failed},
    {"endtime", 'E', "TIME", kRange, "only records up to this time", nullptr,
     "today now-1hour now-1day now-7days"},
    {"format", 'o', "FIELDS", kTable, "fields and widths: f1,f2%20,f3%-20 (minus aligns left)",
     nullptr, "@fields"},
    {"from", 0, "TIME", kSpan, "start of the override (default: now)", nullptr,
     "today tomorrow noon now+1hour now+1day now+7days"},
    {"from", 0, "DATE", kReplay,
     "replay the usage in slurmdbd since this day: 2026-01-01, now-90days", nullptr,
     "now-30days now-90days now-365days"},
    {"helpformat", 0, nullptr, kTable, "list the fields for -o", &Options::helpformat},
    {"job", 0, "ID", kJob, "why this queued job waits, such as 7 or 7_3"},
    {"json", 0, nullptr, kJson, "print JSON", &Options::json},
    {"limit", 'l', "N", kLimit, "at most N records, newest first (default: 100)"},
    {"login", 0, nullptr, kLogin,
     "one line if an account is warned or worse; nothing else, also on errors", &Options::login},
    {"noheader", 'n', nullptr, kTable, "omit the header and the notes"},
    {"parsable", 'p', nullptr, kTable, "fields delimited by |, also after the last field"},
    {"parsable2", 'P', nullptr, kTable, "fields delimited by |, not after the last field"},
    {"period", 0, "LABEL", kLabel, "period to adjust (default: the current period)", nullptr,
     "@periods"},
    {"period", 0, "LABEL", kPast, "only this period, such as 2026-Q3 (history: default all)",
     nullptr, "@periods"},
    {"period", 0, nullptr, kPeriod, "the current period (required)", &Options::period},
    {"preset", 0, "NAME", kPreset,
     "begin with these keys: quarterly_soft, monthly_strict, annual_grant, tracking_only"},
    {"reason", 0, "TEXT", kReason, "reason, stored with the entry (required)"},
    {"role", 0, "ROLE", kRole, "staff (reads and changes) or reader (reads only)", nullptr,
     "staff reader"},
    {"show-reason", 0, nullptr, kSpan, "users may read the reason in refusals, warnings and mails",
     &Options::show_reason},
    {"starttime", 'S', "TIME", kRange, "only records since this time: today, now-7days, 11/30/26",
     nullptr, "today now-1hour now-1day now-7days"},
    {"sync", 0, nullptr, kSync, "ask Waldur first, evaluate by its answer", &Options::sync},
    {"send-test", 0, "ADDRESS", kTest, "deliver a test mail now (staff only)"},
    {"test", 0, nullptr, kTest, "print the notices, send nothing", &Options::test},
    {"until", 0, "TIME", kSpan,
     "end of the override: 2026-12-01, 2026-12-01T12:00, tomorrow, now+3days", nullptr,
     "today tomorrow noon now+1hour now+1day now+7days"},
    {"until", 0, "DATE", kReplay, "replay up to the begin of this day (default: now)", nullptr,
     "now today now-30days"},
    {"user", 'u', "NAME", kUser, "accounts of this user (staff only, unless NAME is you)", nullptr,
     "@users"},
    {"allocation", 0, "HOURS", kFigures, "allocation of the period (default: 1000)"},
    {"grace-ratio", 0, "RATIO", kFigures, "0.2 pauses at 120 % (default: 0.2)"},
    {"previous-usage", 0, "HOURS", kFigures, "usage in the previous period (default: 0)"},
    {"carryover-factor", 0, "PERCENT", kFigures, "largest carryover (default: 50)"},
    {"no-carryover", 0, nullptr, kFigures, "no carryover", &Options::no_carryover},
    {"current-usage", 0, "HOURS", kFigures, "usage in the current period (default: 0)"},
    {"daily-rate", 0, "HOURS", kFigures, "usage per day from today on (default: 0)"},
    {"parent", 0, "ACCOUNT", kFilter, "only accounts directly below this account", nullptr,
     "@accounts"},
    {"policy", 0, "NAME", kFilter, "only accounts under this policy", nullptr, "@policies"},
    {"sort", 0, "KEY", kFilter,
     "by account, usage, standing, resets or forecast; -KEY: in reverse order", nullptr,
     "account usage standing resets forecast -usage -standing"},
    {"standing", 0, "LIST", kFilter,
     "only accounts that are normal, warned, downscaled, paused, observed, overridden, held or "
     "failed",
     nullptr, "normal warned downscaled paused observed overridden held failed"},
    {"total", 0, nullptr, kFilter, "a last row with the sums of the accounts above",
     &Options::total},
    {"tree", 0, nullptr, kFilter, "accounts below their parents, indented", &Options::tree},
    {"watch", 0, "[SECONDS]", kWatch, "show again every SECONDS (default: 5) until interrupted"},
    {"quiet", 'Q', nullptr, 0, "no warnings, no notes"},
    {"server", 0, "URL", kSocket,
     "sluiced on another host: https://HOST:PORT, or a list (default: $SLUICE_SERVER)"},
    {"socket", 0, "PATH", kSocket, "socket of sluiced (default: $SLUICE_SOCKET)", nullptr,
     "@files"},
    {"verbose", 'v', nullptr, 0, "show each request to sluiced on standard error"},
    {"usage", 0, nullptr, 0, "print the usage only"},
    {"help", 'h', nullptr, 0, "print this help"},
    {"version", 'V', nullptr, 0, "print name and version"},
};
constexpr int kLongOnly = 256; // + index in kSpecs: getopt's id of an option without a letter

bool taken(const Spec& spec, std::uint64_t groups) {
    return spec.group == 0 || (spec.group & groups) != 0;
}

struct Getopt {
    std::string letters = ":";
    std::vector<option> names;
};

Getopt getopt_tables(std::uint64_t groups) {
    Getopt out;
    for (const auto& spec : kSpecs) {
        if (!taken(spec, groups))
            continue;
        const bool valued = spec.argument != nullptr;
        const int id =
            spec.letter != 0 ? spec.letter : kLongOnly + static_cast<int>(&spec - kSpecs);
        const int takes = spec.optional() ? optional_argument
                          : valued        ? required_argument
                                          : no_argument;
        out.names.push_back({spec.name, takes, nullptr, id});
        if (spec.letter != 0)
            (out.letters += spec.letter) += valued ? ":" : "";
    }
    out.names.push_back({nullptr, 0, nullptr, 0});
    return out;
}

const Spec& spec_of(int id) {
    return id >= kLongOnly ? kSpecs[id - kLongOnly]
                           : *std::find_if(std::begin(kSpecs), std::end(kSpecs),
                                           [&](const Spec& spec) { return spec.letter == id; });
}

// "  -o, --format=FIELDS"
std::string spelt(const Spec& spec) {
    std::string out = spec.letter != 0 ? std::string("  -") + spec.letter + ", --" : "      --";
    out += spec.name;
    if (spec.optional())
        return out + "[=" + (spec.argument + 1);
    return spec.argument != nullptr ? out + "=" + spec.argument : out;
}

// A line for each form of the arguments.
std::string usage(const Subcommand& self) {
    std::string out;
    std::string_view forms = self.arguments;
    for (std::size_t end = 0; end != std::string_view::npos;) {
        end = forms.find('\n');
        const std::string_view form = forms.substr(0, end);
        out += out.empty() ? "Usage: sluice " : "       sluice ";
        out.append(self.name).append(" [OPTIONS]").append(form.empty() ? "" : " ").append(form);
        out += '\n';
        forms.remove_prefix(std::min(forms.size(), form.size() + 1));
    }
    return out;
}

std::string unknown_option(const Subcommand& self, const std::string& word) {
    std::vector<std::string> known;
    for (const auto& spec : kSpecs)
        if (taken(spec, self.groups))
            known.push_back(std::string("--") + spec.name);
    const std::string near = word.starts_with("--") ? nearest(word, known) : "";
    return "unrecognized option '" + word + "'" +
           (near.empty() ? "" : "; did you mean " + near + "?") + " (sluice " + self.name +
           " --help)";
}

struct Reader {
    Parsed& parsed;
    const Subcommand& self = parsed.self;

    void fail(const std::string& what) { parsed.done = complain(parsed.context, what); }
    void show(const std::string& text) {
        print(parsed.context, text);
        parsed.done = kOk;
    }

    // A word of sacctmgr or sreport where an account is expected. "": none.
    std::string habit(std::string_view word) const {
        const auto equals = word.find('=');
        std::string key = lower(word.substr(0, equals));
        if (equals == std::string_view::npos)
            return key == "where" ? "leave 'where' out and give account names only" : "";
        if (key == "start" || key == "end")
            key += "time";
        if (key == "users" || key == "clusters" || key == "parents")
            key.pop_back();
        for (const auto& spec : kSpecs)
            if (key == spec.name && spec.argument != nullptr && spec.group != kAccounts)
                return taken(spec, self.groups)
                           ? "write --" + key + std::string(word.substr(equals))
                           : "this subcommand has no --" + key;
        if (key == "account" || key == "accounts" || key == "acct" || key == "name")
            return "write " + std::string(word.substr(equals + 1));
        return "";
    }

    // No account at all would mean all of them.
    void accounts(const char* list) {
        if (const auto instead = habit(list); !instead.empty())
            return fail("'" + std::string(list) + "' is no account; " + instead);
        auto names = split(list, ',');
        if (names.empty())
            fail("'" + std::string(list) +
                 "' names no account; give account names separated by commas, or leave the list "
                 "out");
        for (auto& name : names)
            parsed.options.accounts.push_back(std::move(name));
    }

    void limit(const char* text) {
        parsed.options.limit = whole_number<std::size_t>(text);
        if (parsed.options.limit.value_or(0) == 0 || *parsed.options.limit > 10000)
            fail("--limit takes a number from 1 to 10000, not '" + std::string(text) + "'");
    }

    void server(const char* list) {
        parsed.context.place.server = list;
        if (const auto servers = parse_servers(list); !servers)
            fail("--server: " + servers.error().context);
    }

    void watch(const char* text) {
        const auto seconds = text == nullptr ? std::optional(5) : whole_number<int>(text);
        if (seconds.value_or(0) < 1 || *seconds > 86400)
            return fail("--watch takes seconds from 1 to 86400, not '" + std::string(text) + "'");
        if (parsed.context.runs != nullptr)
            parsed.context.runs->watch = std::chrono::seconds{*seconds};
    }

    void delimiter(const char* text) {
        parsed.options.style.delimiter = text;
        if (const auto bad = first_unprintable(text, Breaks::kept); !bad.empty())
            fail("--delimiter contains " + bad +
                 ", which cannot be printed; give printable characters or a tab");
    }

    void take(const Spec& spec, const char* value) {
        const std::string_view name = spec.name;
        auto& style = parsed.options.style;
        if (spec.flag != nullptr)
            parsed.options.*spec.flag = true;
        else if (name == "noheader")
            style.header = false;
        else if (name == "parsable")
            style.separation = Separation::parsable;
        else if (name == "parsable2")
            style.separation = Separation::parsable2;
        else if (name == "delimiter")
            delimiter(value);
        else if (name == "accounts")
            accounts(value);
        else if (name == "limit")
            limit(value);
        else if (name == "watch")
            watch(value);
        else if (name == "cluster")
            parsed.context.cluster = value;
        else if (name == "socket") {
            parsed.context.socket = value;
            parsed.context.place.fixed = true;
            parsed.context.place.server.clear();
        } else if (name == "server")
            server(value);
        else if (name == "ca-file")
            parsed.context.place.ca_file = value;
        else if (name == "quiet")
            parsed.context.quiet = true;
        else if (name == "verbose")
            ++parsed.context.verbose;
        else if (name == "usage")
            show(usage(self));
        else if (name == "help")
            show(help_text(self));
        else if (name == "version")
            show("sluice " PACKAGE_VERSION "\n");
        else
            parsed.options.values[spec.name] = value;
    }

    // What is left after the options.
    void arguments(int argc, char** argv) {
        auto& options = parsed.options;
        if ((self.groups & kFile) != 0 && optind < argc)
            options.file = argv[optind++];
        for (; optind < argc && !parsed.done; ++optind)
            if ((self.groups & kWords) != 0)
                options.words.emplace_back(argv[optind]);
            else if ((self.groups & kAccounts) != 0)
                accounts(argv[optind]);
            else
                fail("unexpected argument '" + std::string(argv[optind]) + "' (sluice " +
                     self.name + " --help)");
    }
};

} // namespace

std::vector<OptionHelp> options_of(std::uint64_t groups) {
    std::vector<OptionHelp> out;
    for (const auto& spec : kSpecs)
        if (taken(spec, groups))
            out.push_back({spec.name, spec.letter, spec.argument != nullptr && !spec.optional(),
                           spec.argument != nullptr ? spec.argument : "", spec.help, spec.words});
    return out;
}

std::string help_text(const Subcommand& self) {
    if (*self.name == '\0')
        return overview();
    std::size_t widest = 0;
    for (const auto& spec : kSpecs)
        if (taken(spec, self.groups))
            widest = std::max(widest, spelt(spec).size());
    std::string out = usage(self) + self.summary + ".\n\nOptions:\n";
    for (const auto& spec : kSpecs) {
        if (!taken(spec, self.groups))
            continue;
        std::string left = spelt(spec);
        left.resize(widest + 2, ' ');
        out += left + spec.help + '\n';
    }
    return out;
}

namespace {

// sbatch has letters of ours with other meanings: only the options of the subcommand, by their
// whole names, are ours. Returns them after argv[0]; `words` takes all others.
std::vector<char*> without_sbatch(const Getopt& ours, int argc, char** argv,
                                  std::vector<std::string>& words) {
    std::vector<char*> own{argv[0]};
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const std::size_t equals = word.find('=');
        const auto found =
            std::find_if(ours.names.begin(), ours.names.end(), [&](const option& one) {
                return one.name != nullptr && word.starts_with("--") &&
                       word.substr(2, equals - 2) == one.name;
            });
        const bool cluster = word == "-M";
        if (found == ours.names.end() && !cluster) {
            words.emplace_back(word);
            continue;
        }
        own.push_back(argv[i]);
        const bool valued = cluster || found->has_arg == required_argument;
        if (valued && (cluster || equals == std::string_view::npos) && i + 1 < argc)
            own.push_back(argv[++i]);
    }
    own.push_back(nullptr);
    return own;
}

} // namespace

Parsed parse_options(const Context& context, const Subcommand& self, int argc, char** argv) {
    Parsed parsed{self, context, {}, std::nullopt};
    parsed.options.style.terminal = context.terminal;
    parsed.options.style.colour = context.colour;
    Reader reader{parsed};
    const Getopt tables = getopt_tables(self.groups);
    std::vector<char*> own;
    if ((self.groups & kSbatch) != 0) {
        own = without_sbatch(tables, argc, argv, parsed.options.words);
        argc = static_cast<int>(own.size()) - 1;
        argv = own.data();
    }
    optind = 0; // glibc: start again, also the permutation
    opterr = 0;
    while (!parsed.done) {
        const int id =
            getopt_long(argc, argv, tables.letters.c_str(), tables.names.data(), nullptr);
        if (id == -1)
            break;
        const bool is_long = optopt == 0 || optopt >= kLongOnly;
        if (id == ':')
            reader.fail("option '" + std::string(argv[optind - 1]) + "' needs a value");
        else if (id == '?')
            reader.fail(unknown_option(
                self, is_long ? argv[optind - 1] : std::string("-") + static_cast<char>(optopt)));
        else
            reader.take(spec_of(id), optarg);
    }
    if (parsed.done)
        return parsed;
    if (ClusterRuns* runs = context.runs; runs != nullptr) {
        runs->json = parsed.options.json;
        runs->headings = parsed.options.style.header;
    }
    reader.arguments(argc, argv);
    return parsed;
}

} // namespace sluice::cli
