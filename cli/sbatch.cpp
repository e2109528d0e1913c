// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/sbatch.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <getopt.h>
#include <optional>

namespace sluice::cli {
namespace {

using json::Value;

enum class Use {
    read,
    ignored,  // can change what the job gets
    harmless, // changes no cost
};

// Options of sbatch from 22.05 on (long_options of src/common/slurm_opt.c).
struct SbatchOption {
    const char* name;
    char letter; // 0: none
    int argument;
    Use use;
};
constexpr SbatchOption kOptions[] = {
    {"account", 'A', required_argument, Use::read},
    {"acctg-freq", 0, required_argument, Use::harmless},
    {"array", 'a', required_argument, Use::read},
    {"batch", 0, required_argument, Use::ignored},
    {"bb", 0, required_argument, Use::ignored},
    {"bbf", 0, required_argument, Use::ignored},
    {"begin", 'b', required_argument, Use::harmless},
    {"chdir", 'D', required_argument, Use::harmless},
    {"cluster-constraint", 0, required_argument, Use::ignored},
    {"comment", 0, required_argument, Use::harmless},
    {"constraint", 'C', required_argument, Use::ignored},
    {"container", 0, required_argument, Use::harmless},
    {"container-id", 0, required_argument, Use::harmless},
    {"contiguous", 0, no_argument, Use::harmless},
    {"core-spec", 'S', required_argument, Use::ignored},
    {"cores-per-socket", 0, required_argument, Use::ignored},
    {"cpu-freq", 0, required_argument, Use::harmless},
    {"cpus-per-gpu", 0, required_argument, Use::read},
    {"cpus-per-task", 'c', required_argument, Use::read},
    {"deadline", 0, required_argument, Use::harmless},
    {"delay-boot", 0, required_argument, Use::harmless},
    {"dependency", 'd', required_argument, Use::harmless},
    {"distribution", 'm', required_argument, Use::ignored},
    {"error", 'e', required_argument, Use::harmless},
    {"exclude", 'x', required_argument, Use::harmless},
    {"exclusive", 0, optional_argument, Use::read},
    {"export", 0, required_argument, Use::harmless},
    {"export-file", 0, required_argument, Use::harmless},
    {"extra", 0, required_argument, Use::harmless},
    {"extra-node-info", 'B', required_argument, Use::ignored},
    {"get-user-env", 0, optional_argument, Use::harmless},
    {"gid", 0, required_argument, Use::harmless},
    {"gpu-bind", 0, required_argument, Use::harmless},
    {"gpu-freq", 0, required_argument, Use::harmless},
    {"gpus", 'G', required_argument, Use::read},
    {"gpus-per-node", 0, required_argument, Use::read},
    {"gpus-per-socket", 0, required_argument, Use::read},
    {"gpus-per-task", 0, required_argument, Use::read},
    {"gres", 0, required_argument, Use::read},
    {"gres-flags", 0, required_argument, Use::ignored},
    {"hint", 0, required_argument, Use::ignored},
    {"hold", 'H', no_argument, Use::harmless},
    {"ignore-pbs", 0, no_argument, Use::harmless},
    {"input", 'i', required_argument, Use::harmless},
    {"job-name", 'J', required_argument, Use::harmless},
    {"kill-on-invalid-dep", 0, required_argument, Use::harmless},
    {"licenses", 'L', required_argument, Use::ignored},
    {"mail-type", 0, required_argument, Use::harmless},
    {"mail-user", 0, required_argument, Use::harmless},
    {"mcs-label", 0, required_argument, Use::harmless},
    {"mem", 0, required_argument, Use::read},
    {"mem-bind", 0, required_argument, Use::harmless},
    {"mem-per-cpu", 0, required_argument, Use::read},
    {"mem-per-gpu", 0, required_argument, Use::read},
    {"mincpus", 0, required_argument, Use::read},
    {"network", 0, required_argument, Use::harmless},
    {"nice", 0, optional_argument, Use::harmless},
    {"no-kill", 'k', optional_argument, Use::harmless},
    {"no-requeue", 0, no_argument, Use::harmless},
    {"nodefile", 'F', required_argument, Use::ignored},
    {"nodelist", 'w', required_argument, Use::read},
    {"nodes", 'N', required_argument, Use::read},
    {"ntasks", 'n', required_argument, Use::read},
    {"ntasks-per-core", 0, required_argument, Use::ignored},
    {"ntasks-per-gpu", 0, required_argument, Use::read},
    {"ntasks-per-node", 0, required_argument, Use::read},
    {"ntasks-per-socket", 0, required_argument, Use::ignored},
    {"oom-kill-step", 0, optional_argument, Use::harmless},
    {"open-mode", 0, required_argument, Use::harmless},
    {"output", 'o', required_argument, Use::harmless},
    {"overcommit", 'O', no_argument, Use::read},
    {"oversubscribe", 's', no_argument, Use::ignored},
    {"parsable", 0, no_argument, Use::harmless},
    {"partition", 'p', required_argument, Use::read},
    {"power", 0, required_argument, Use::harmless},
    {"prefer", 0, required_argument, Use::ignored},
    {"priority", 0, required_argument, Use::harmless},
    {"profile", 0, required_argument, Use::harmless},
    {"propagate", 0, optional_argument, Use::harmless},
    {"qos", 'q', required_argument, Use::read},
    {"quiet", 'Q', no_argument, Use::harmless},
    {"reboot", 0, no_argument, Use::harmless},
    {"requeue", 0, no_argument, Use::harmless},
    {"reservation", 0, required_argument, Use::ignored},
    {"resv-ports", 0, optional_argument, Use::harmless},
    {"segment", 0, required_argument, Use::ignored},
    {"signal", 0, required_argument, Use::harmless},
    {"sockets-per-node", 0, required_argument, Use::ignored},
    {"spread-job", 0, no_argument, Use::harmless},
    {"stepmgr", 0, no_argument, Use::harmless},
    {"switches", 0, required_argument, Use::ignored},
    {"test-only", 0, no_argument, Use::harmless},
    {"thread-spec", 0, required_argument, Use::ignored},
    {"threads-per-core", 0, required_argument, Use::ignored},
    {"time", 't', required_argument, Use::read},
    {"time-min", 0, required_argument, Use::read},
    {"tmp", 0, required_argument, Use::ignored},
    {"tres-bind", 0, required_argument, Use::ignored},
    {"tres-per-task", 0, required_argument, Use::read},
    {"uid", 0, required_argument, Use::harmless},
    {"use-min-nodes", 0, no_argument, Use::harmless},
    {"verbose", 'v', no_argument, Use::harmless},
    {"wait", 'W', no_argument, Use::harmless},
    {"wait-all-nodes", 0, required_argument, Use::harmless},
    {"wckey", 0, required_argument, Use::harmless},
    {"wrap", 0, required_argument, Use::harmless},
};
constexpr int kFirstLong = 1000;

// The environment variables of sbatch.
constexpr std::pair<const char*, const char*> kVariables[] = {
    {"SBATCH_ACCOUNT", "account"},
    {"SBATCH_ARRAY_INX", "array"},
    {"SBATCH_CPUS_PER_GPU", "cpus-per-gpu"},
    {"SBATCH_GPUS", "gpus"},
    {"SBATCH_GPUS_PER_NODE", "gpus-per-node"},
    {"SBATCH_GPUS_PER_TASK", "gpus-per-task"},
    {"SBATCH_GRES", "gres"},
    {"SBATCH_MEM_PER_CPU", "mem-per-cpu"},
    {"SBATCH_MEM_PER_GPU", "mem-per-gpu"},
    {"SBATCH_MEM_PER_NODE", "mem"},
    {"SBATCH_PARTITION", "partition"},
    {"SBATCH_QOS", "qos"},
    {"SBATCH_TIMELIMIT", "time"},
};

bool contains(const std::vector<std::string>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

std::optional<std::uint32_t> whole(std::string_view text) {
    std::uint32_t value = 0;
    const auto end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    return read.ec == std::errc() && read.ptr == end && value < 4294967294U ? std::optional(value)
                                                                            : std::nullopt;
}

Error bad(std::string_view option, std::string_view value, std::string_view remedy) {
    return {Errc::malformed,
            "--" + std::string(option) + ": '" + std::string(value) + "' " + std::string(remedy)};
}

} // namespace

Result<std::uint32_t> sbatch_minutes(std::string_view text) {
    const std::string word = lower(text);
    if (word == "unlimited" || word == "infinite" || word == "-1" || word == "0")
        return std::uint32_t{0};
    const Error fault{Errc::malformed, "is no time limit; write minutes, hours:minutes:seconds or "
                                       "days-hours:minutes:seconds"};
    const std::size_t dash = text.find('-');
    std::optional<std::uint32_t> days = 0;
    if (dash != std::string_view::npos)
        days = whole(text.substr(0, dash));
    std::vector<std::uint64_t> parts;
    for (const auto& part :
         split(std::string(dash == std::string_view::npos ? text : text.substr(dash + 1)), ':')) {
        const auto number = whole(part);
        if (!number)
            return fault;
        parts.push_back(*number);
    }
    if (!days || parts.empty() || parts.size() > 3 || text.back() == ':')
        return fault;
    // days-hours[:minutes[:seconds]], hours:minutes:seconds, minutes[:seconds]
    const bool from_hours = dash != std::string_view::npos || parts.size() == 3;
    if (!from_hours)
        parts.insert(parts.begin(), 0);
    parts.resize(3);
    const std::uint64_t minutes =
        *days * std::uint64_t{1440} + parts[0] * 60 + parts[1] + (parts[2] + 59) / 60;
    if (minutes == 0)
        return std::uint32_t{0};
    return minutes < UINT32_MAX - 1 ? Result<std::uint32_t>(static_cast<std::uint32_t>(minutes))
                                    : Result<std::uint32_t>(fault);
}

// _get_argument() of src/sbatch/opt.c
std::vector<std::string> sbatch_words(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool inside = false;
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        const bool blank = c == ' ' || c == '\t' || c == '\r';
        if (quote != 0) {
            if (c == quote)
                quote = 0;
            else
                word += c;
        } else if (c == '"' || c == '\'') {
            quote = c;
            inside = true;
        } else if (blank) {
            if (inside)
                words.push_back(std::move(word));
            word.clear();
            inside = false;
        } else if (c == '#' && !inside) {
            break;
        } else {
            if (c == '\\' && i + 1 < line.size())
                ++i;
            word += line[i];
            inside = true;
        }
    }
    if (inside)
        words.push_back(std::move(word));
    return words;
}

Result<void> SbatchJob::read_options(const std::vector<std::string>& words,
                                     std::vector<std::string>& script) {
    auto done = read(words, false, &script);
    taken_ = now_;
    return done;
}

Result<void> SbatchJob::read_environment(const Environment& environment) {
    now_.clear();
    for (const auto& [name, option] : kVariables)
        if (const char* value = environment(name); value != nullptr && *value != '\0')
            if (auto done = take(option, value); !done)
                return Error{Errc::malformed, std::string(name) + ": " + done.error().context};
    taken_.insert(taken_.end(), now_.begin(), now_.end());
    return {};
}

Result<void> SbatchJob::read_script(std::string_view text, const std::string& name) {
    constexpr std::string_view kMark = "#SBATCH";
    now_.clear();
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::string_view word = trim(line);
        if (!word.empty() && word.front() != '#')
            break;
        if (!line.starts_with(kMark))
            continue;
        if (auto done = read(sbatch_words(line.substr(kMark.size())), true, nullptr); !done)
            return Error{Errc::malformed,
                         name + ":" + std::to_string(number) + ": " + done.error().context};
    }
    return {};
}

Result<void> SbatchJob::read(const std::vector<std::string>& words, bool lines,
                             std::vector<std::string>* rest) {
    std::vector<option> names;
    std::string letters = "+:";
    for (std::size_t i = 0; i < std::size(kOptions); ++i) {
        const auto& one = kOptions[i];
        names.push_back({one.name, one.argument, nullptr, kFirstLong + static_cast<int>(i)});
        if (one.letter != 0)
            letters += one.letter +
                       std::string(static_cast<std::size_t>(one.argument), ':'); // 1: ":", 2: "::"
    }
    names.push_back({nullptr, 0, nullptr, 0});
    std::vector<std::string> copies{"sbatch"};
    copies.insert(copies.end(), words.begin(), words.end());
    std::vector<char*> argv;
    for (auto& word : copies)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    const int argc = static_cast<int>(copies.size());
    optind = 0; // glibc: start again
    opterr = 0;
    while (true) {
        const int id = getopt_long(argc, argv.data(), letters.c_str(), names.data(), nullptr);
        if (id == -1)
            break;
        const std::string shown = argv[static_cast<std::size_t>(std::max(1, optind - 1))];
        if (id == ':')
            return Error{Errc::malformed, "option '" + shown + "' needs a value"};
        if (id == '?')
            return Error{Errc::malformed, "'" + shown + "' is no option of sbatch"};
        const auto* found =
            std::find_if(std::begin(kOptions), std::end(kOptions), [&](const SbatchOption& one) {
                return id >= kFirstLong ? &one == &kOptions[id - kFirstLong] : one.letter == id;
            });
        if (found->use == Use::ignored) {
            if (const std::string name = "--" + std::string(found->name); !contains(ignored_, name))
                ignored_.push_back(name);
        } else if (found->use == Use::read) {
            if (auto done = take(found->name, optarg); !done)
                return done;
        }
    }
    const std::vector<std::string> left(copies.begin() + optind, copies.end());
    if (rest != nullptr)
        *rest = left;
    else if (lines && !left.empty())
        return Error{Errc::malformed, "'" + left.front() + "' is no option"};
    return {};
}

// An option that a source before has given counts no more.
Result<void> SbatchJob::take(std::string_view option, const char* argument) {
    if (contains(taken_, option))
        return {};
    now_.emplace_back(option);
    const std::string value = argument == nullptr ? "" : argument;
    std::erase_if(settings_, [&](const Setting& one) { return one.option == option; });
    const std::size_t before = settings_.size();
    Result<void> done;
    if (option == "account" || option == "partition" || option == "qos" || option == "array")
        set(std::string(option), value);
    else if (option == "nodelist")
        set("required_nodes", value);
    else if (option == "overcommit")
        set("overcommit", true);
    else if (option == "exclusive")
        value.empty() ? set("exclusive", true) : ignored_.push_back("--exclusive=" + value);
    else if (option == "time" || option == "time-min") {
        const auto minutes = sbatch_minutes(value);
        if (!minutes)
            return bad(option, value, minutes.error().context);
        if (option == "time")
            set("time_limit", *minutes == 0 ? Value("unlimited") : Value(*minutes));
        else if (*minutes != 0)
            set("time_minimum", *minutes);
    } else if (option == "nodes")
        done = set_nodes(value);
    else if (option == "ntasks")
        done = set_number(option, "tasks", value);
    else if (option == "ntasks-per-node")
        done = set_number(option, "tasks_per_node", value);
    else if (option == "ntasks-per-gpu")
        done = set_number(option, "ntasks_per_tres", value);
    else if (option == "cpus-per-task")
        done = set_number(option, "cpus_per_task", value);
    else if (option == "mincpus")
        done = set_number(option, "minimum_cpus_per_node", value);
    else if (option.starts_with("mem"))
        done = set_memory(option, value);
    else if (option == "gres")
        set_gres("tres_per_node", "gres/", value);
    else if (option == "gpus")
        set_gres("tres_per_job", "gres/gpu:", value);
    else if (option == "gpus-per-node")
        set_gres("tres_per_node", "gres/gpu:", value);
    else if (option == "gpus-per-socket")
        set_gres("tres_per_socket", "gres/gpu:", value);
    else if (option == "gpus-per-task")
        set_gres("tres_per_task", "gres/gpu:", value);
    else if (option == "tres-per-task")
        set_gres("tres_per_task", "", value);
    else if (option == "cpus-per-gpu")
        set_gres("cpus_per_tres", "gres/gpu:", value);
    for (std::size_t i = before; i < settings_.size(); ++i)
        settings_[i].option = option;
    return done;
}

void SbatchJob::set(const std::string& key, Value value) {
    settings_.push_back({key, "", std::move(value)});
}

Result<void> SbatchJob::set_number(std::string_view option, const std::string& key,
                                   std::string_view value) {
    const auto number = whole(value);
    if (!number)
        return bad(option, value, "is no whole number");
    set(key, *number);
    return {};
}

// "4", "2-8", "2,4,8": the least and the largest number.
Result<void> SbatchJob::set_nodes(std::string_view value) {
    std::optional<std::uint32_t> least;
    std::uint32_t most = 0;
    std::string list(value.substr(0, value.find(':')));
    std::replace(list.begin(), list.end(), '-', ',');
    for (const auto& part : split(list, ',')) {
        const bool thousand = !part.empty() && (part.back() == 'k' || part.back() == 'K');
        const auto number = whole(thousand ? part.substr(0, part.size() - 1) : part);
        if (!number || (thousand && *number > 4'000'000))
            return bad("nodes", value, "is no number of nodes; write N or MIN-MAX");
        const std::uint32_t nodes = thousand ? *number * 1024 : *number;
        least = std::min(least.value_or(nodes), nodes);
        most = std::max(most, nodes);
    }
    if (!least)
        return bad("nodes", value, "is no number of nodes; write N or MIN-MAX");
    set("minimum_nodes", *least);
    set("maximum_nodes", most);
    return {};
}

// Megabytes without a unit; K is rounded up.
Result<void> SbatchJob::set_memory(std::string_view option, std::string_view value) {
    const std::size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
    const auto number = whole(value.substr(0, digits));
    const std::string unit = lower(value.substr(digits));
    const std::size_t power = unit.empty() ? 1 : std::string_view("kmgt").find(unit.front());
    const bool known = unit.size() <= 1 || (unit.size() == 2 && unit.back() == 'b');
    if (!number || power == std::string_view::npos || !known)
        return bad(option, value, "is no amount of memory; write a number with K, M, G or T");
    std::uint64_t megabytes = *number;
    if (power == 0)
        megabytes = (megabytes + 1023) / 1024;
    for (std::size_t i = 1; i < power; ++i)
        megabytes *= 1024;
    if (megabytes >= UINT32_MAX - 1)
        return bad(option, value, "is more than a job can have");
    if (option == "mem-per-gpu")
        set("memory_per_tres", "gres/gpu:" + std::to_string(megabytes));
    else
        set(option == "mem" ? "memory_per_node" : "memory_per_cpu", megabytes);
    return {};
}

// "gpu:2,shard:1" each with `prefix`, which an item that has "gres" does not need.
void SbatchJob::set_gres(const std::string& key, std::string_view prefix, std::string_view value) {
    std::vector<std::string> items;
    for (const auto& item : split(std::string(value), ','))
        if (!item.empty() && lower(item) != "none")
            items.push_back((item.starts_with("gres") ? "" : std::string(prefix)) + item);
    if (!items.empty())
        set(key, join(items, ","));
}

Value SbatchJob::body() const {
    Value out = Value::object();
    for (const auto& one : settings_) {
        const auto before = out[one.key];
        if (before.is_string() && one.key.find("tres") != std::string::npos)
            out.set(one.key, before.text() + "," + one.value.view().text());
        else
            out.set(one.key, one.value.view().copy());
    }
    return out;
}

} // namespace sluice::cli
