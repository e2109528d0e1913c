// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/sbatch.hpp"

#include "cli/sbatch_options.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <getopt.h>
#include <optional>

namespace sluice::cli {
namespace {

using json::Value;

constexpr int kFirstLong = 1000; // of the numbers of getopt_long()

const SbatchOption& option_of(std::string_view name) {
    return *std::find_if(std::begin(kOptions), std::end(kOptions),
                         [&](const SbatchOption& one) { return one.name == name; });
}

// slurm_process_option() of src/common/slurm_opt.c: what a variable holds for an option without a
// value.
bool is_set(const std::string& value) {
    const bool digits = !value.empty() && value.find_first_not_of("0123456789") == value.npos;
    return value.empty() || lower(value) == "yes" ||
           (digits && value.find_first_not_of('0') != value.npos);
}

Error heterogeneous() {
    return {Errc::malformed, "heterogeneous jobs are not quoted; quote each part by itself"};
}

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

// get_argument() of src/sbatch/opt.c
Result<std::vector<std::string>> sbatch_words(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool inside = false;
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        const bool blank = c == ' ' || c == '\t' || c == '\r';
        if (c == '\\') {
            if (++i < line.size())
                word += line[i];
            inside = true;
        } else if (quote != 0) {
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
        } else if (c == '#') {
            break;
        } else {
            word += c;
            inside = true;
        }
    }
    if (quote != 0)
        return Error{Errc::malformed, std::string("the quote ") + quote + " has no end"};
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
    variables_ = true;
    for (const auto& [name, option] : kVariables) {
        const char* value = environment(name);
        const auto& known = option_of(option);
        if (value == nullptr || (*value == '\0' && known.argument == required_argument))
            continue;
        if (known.use == Use::ignored)
            ignore(name);
        else if (auto done = take(option, value); !done)
            return Error{Errc::malformed, std::string(name) + ": " + done.error().context};
    }
    variables_ = false;
    taken_.insert(taken_.end(), now_.begin(), now_.end());
    return {};
}

Result<void> SbatchJob::read_script(std::string_view text, const std::string& name) {
    constexpr std::string_view kMark = "#SBATCH";
    constexpr std::string_view kOthers[] = {"#PBS", "#BSUB", "#SLURM"};
    now_.clear();
    std::vector<std::string> others;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::string_view word = trim(line);
        if (!word.empty() && word.front() != '#')
            break;
        for (const auto& other : kOthers)
            if (line.starts_with(other))
                others.push_back("lines " + std::string(other));
        if (!line.starts_with(kMark))
            continue;
        const auto words = sbatch_words(line.substr(kMark.size()));
        Result<void> done;
        if (!words)
            done = words.error();
        else if (!words->empty() &&
                 (lower(words->front()) == "hetjob" || lower(words->front()) == "packjob"))
            done = heterogeneous();
        else
            done = read(*words, true, nullptr);
        if (!done)
            return Error{Errc::malformed,
                         name + ":" + std::to_string(number) + ": " + done.error().context};
    }
    for (const auto& other : others)
        if (!ignore_pbs_ || other == "lines #SLURM")
            ignore(other);
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
            ignore("--" + std::string(found->name));
        } else if (found->use == Use::read) {
            if (auto done = take(found->name, optarg); !done)
                return done;
        }
    }
    const std::vector<std::string> left(copies.begin() + optind, copies.end());
    if (!left.empty() && left.front() == ":")
        return heterogeneous();
    if (rest != nullptr)
        *rest = left;
    else if (lines && !left.empty())
        return Error{Errc::malformed, "'" + left.front() + "' is no option"};
    return {};
}

void SbatchJob::ignore(const std::string& what) {
    if (!contains(ignored_, what))
        ignored_.push_back(what);
}

// An option that a source before has given counts no more.
Result<void> SbatchJob::take(std::string_view option, const char* argument) {
    if (option == "tasks-per-node")
        option = "ntasks-per-node";
    if (contains(taken_, option))
        return {};
    now_.emplace_back(option);
    const std::string value = argument == nullptr ? "" : argument;
    std::erase_if(settings_, [&](const Setting& one) { return one.option == option; });
    const std::size_t before = settings_.size();
    Result<void> done;
    if (option == "account" || option == "partition" || option == "qos" || option == "array")
        set(std::string(option), value);
    else if (option == "nodelist" && value.find('/') == std::string::npos)
        set("required_nodes", value);
    else if (option == "nodelist") // a file
        ignore("--nodelist=" + value);
    else if (option == "ignore-pbs")
        ignore_pbs_ = is_set(value);
    else if (option == "overcommit") {
        if (is_set(value))
            set("overcommit", true);
    } else if (option == "exclusive") {
        if (value.empty() || lower(value) == "exclusive")
            set("exclusive", true);
        else
            ignore("--exclusive=" + value);
    } else if (option == "time" || option == "time-min") {
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
        done = set_tres_per_task(option, value);
    else if (option == "cpus-per-gpu")
        set_gres("cpus_per_tres", "gres/gpu:", value);
    for (std::size_t i = before; i < settings_.size(); ++i)
        settings_[i].option = option;
    return done;
}

void SbatchJob::set(const std::string& key, Value value) {
    settings_.push_back({key, "", std::move(value), variables_});
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

// "cpu:16,gres/gpu:1"; "cpu=16" from 24.05 on. _validate_cpus_per_task() of src/common/slurm_opt.c
Result<void> SbatchJob::set_tres_per_task(std::string_view option, std::string_view value) {
    std::vector<std::string> others;
    for (const auto& item : split(std::string(value), ',')) {
        const std::string name = lower(item.substr(0, 4));
        if (name != "cpu:" && name != "cpu=")
            others.push_back(item);
        else if (auto done = set_number(option, "cpus_per_task", item.substr(4)); !done)
            return done;
    }
    set_gres("tres_per_task", "", join(others, ","));
    return {};
}

// By options of the command line or the script: those of memory exclude each other, and CPUs and
// GPUs of a task have two options each.
bool SbatchJob::overruled(const Setting& one) const {
    if (!one.variable)
        return false;
    return std::any_of(settings_.begin(), settings_.end(), [&](const Setting& other) {
        if (other.variable)
            return false;
        if (one.key.starts_with("memory"))
            return other.key.starts_with("memory");
        return other.key == one.key &&
               (one.key == "cpus_per_task" ||
                (one.key == "tres_per_task" &&
                 other.value.view().text().find("gpu") != std::string::npos));
    });
}

// The last one that counts, with `part` in its text; nullptr: none.
const SbatchJob::Setting* SbatchJob::find(std::string_view key, std::string_view part) const {
    const auto found = std::find_if(settings_.rbegin(), settings_.rend(), [&](const Setting& one) {
        return one.key == key && !overruled(one) &&
               (part.empty() || one.value.view().text().find(part) != std::string::npos);
    });
    return found == settings_.rend() ? nullptr : &*found;
}

// 0: not given.
std::uint64_t SbatchJob::number(std::string_view key) const {
    const auto* found = find(key);
    return found == nullptr ? 0 : static_cast<std::uint64_t>(found->value.view().integer());
}

// gres_job_state_validate() of src/interfaces/gres.c derives nodes and tasks from GPUs.
std::vector<std::string> SbatchJob::ignored() const {
    auto out = ignored_;
    const auto* job = find("tres_per_job", "gpu");
    const auto* node = find("tres_per_node", "gpu");
    const auto* task = find("tres_per_task", "gpu");
    const auto add = [&](const char* what, const Setting* one, const std::string& other) {
        out.push_back(std::string(what) + " (--" + one->option + other + ")");
    };
    const bool nodes_given =
        number("minimum_nodes") != 0 && number("minimum_nodes") == number("maximum_nodes");
    if (job != nullptr && node != nullptr && !nodes_given)
        add("GPUs by job and by node", job, " with --" + node->option);
    if (task != nullptr && number("tasks") == 0) {
        if (job != nullptr)
            add("GPUs by job and by task", job, " with --" + task->option);
        else if (node == nullptr)
            add("GPUs by task without a number of tasks", task, " without --ntasks");
    }
    if (task != nullptr && node != nullptr && number("tasks_per_node") == 0)
        add("GPUs by node and by task", node, " with --" + task->option);
    return out;
}

// With the numbers as sbatch adjusts them (_opt_verify() of src/sbatch/opt.c).
Value SbatchJob::body() const {
    Value out = Value::object();
    for (const auto& one : settings_) {
        if (overruled(one))
            continue;
        const auto before = out[one.key];
        if (before.is_string() && one.key.find("tres") != std::string::npos)
            out.set(one.key, before.text() + "," + one.value.view().text());
        else
            out.set(one.key, one.value.view().copy());
    }
    if (const std::uint64_t tasks = number("tasks"); tasks != 0 && find("minimum_nodes") != nullptr)
        for (const char* key : {"minimum_nodes", "maximum_nodes"})
            out.set(key, std::min(number(key), tasks));
    if (const std::uint64_t cpus = number("cpus_per_task"); cpus != 0)
        out.set("minimum_cpus_per_node", std::max(number("minimum_cpus_per_node"), cpus));
    return out;
}

} // namespace sluice::cli
