// SPDX-License-Identifier: GPL-2.0-or-later
// Any job description through the plugin's submit path: no fault, and no more work than its bytes
// are worth. Work is counted, not timed: libcountedsubmit.la is the submit path, compiled so that
// each basic block calls __sanitizer_cov_trace_pc(). The count is the same on a slow machine.
//
// A line "NAME TEXT" sets a string of the job, "NAME N TEXT" repeats TEXT up to N bytes, "N:V" sets
// figure N to V.
#include "common/admission/budget.hpp"
#include "common/admission/job_lists.hpp"
#include "plugin/admission.hpp"
#include "plugin/job_request.hpp"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace sluice;
using namespace sluice::admission;
using namespace sluice::plugin;

namespace {

// Only what runs between these two is counted: views are made by the receiver, not at submission.
bool g_counting = false;
std::uint64_t g_steps = 0;

constexpr std::size_t kMaxText = std::size_t{1} << 18;
// At -O0 a usual job takes 8,000 blocks, the dearest list of one-letter items 40 for each byte.
constexpr std::uint64_t kStepsAlways = 40'000;
constexpr std::uint64_t kStepsPerByte = 60;

struct Field {
    std::string_view name;
    char* job_desc_msg_t::*text;
    std::size_t longest; // that slurmctld accepts
};
constexpr Field kFields[] = {
    {"account", &job_desc_msg_t::account, kMaxText},
    {"array", &job_desc_msg_t::array_inx, kMaxArrayText},
    {"cpus_per", &job_desc_msg_t::cpus_per_tres, kMaxText},
    {"job", &job_desc_msg_t::tres_per_job, kMaxText},
    {"mem_per", &job_desc_msg_t::mem_per_tres, kMaxText},
    {"node", &job_desc_msg_t::tres_per_node, kMaxText},
    {"partition", &job_desc_msg_t::partition, kMaxText},
    {"qos", &job_desc_msg_t::qos, kMaxText},
    {"reservation", &job_desc_msg_t::reservation, kMaxText},
    {"socket", &job_desc_msg_t::tres_per_socket, kMaxText},
    {"task", &job_desc_msg_t::tres_per_task, kMaxText},
    {"nodelist", &job_desc_msg_t::req_nodes, kMaxNodeText},
};
constexpr std::size_t kFieldCount = std::size(kFields);

// A description with the memory of its strings.
class Description {
public:
    explicit Description(std::string_view lines) {
        desc_.time_limit = 60;
        desc_.shared = NO_VAL16;
        while (!lines.empty()) {
            const std::string_view line = lines.substr(0, lines.find('\n'));
            lines.remove_prefix(std::min(line.size() + 1, lines.size()));
            read(line);
        }
        for (std::size_t i = 0; i < kFieldCount; ++i)
            desc_.*kFields[i].text = set_[i] ? texts_[i].data() : nullptr;
    }
    const job_desc_msg_t& desc() const { return desc_; }
    // Bytes that the plugin has a reason to read.
    std::size_t bytes() const {
        std::size_t sum = 0;
        for (std::size_t i = 0; i < kFieldCount; ++i)
            sum += std::min(texts_[i].size(), kFields[i].longest);
        return sum;
    }

private:
    static std::uint64_t take_number(std::string_view& text) {
        std::uint64_t value = 0;
        const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (fault == std::errc{})
            text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        return value;
    }
    void read(std::string_view line) {
        const std::string_view name = line.substr(0, line.find(' '));
        for (std::size_t i = 0; i < kFieldCount; ++i)
            if (kFields[i].name == name && line.size() > name.size())
                read_text(i, line.substr(name.size() + 1));
        const std::uint64_t figure = take_number(line);
        if (!line.empty() && line.front() == ':') {
            line.remove_prefix(1);
            set_figure(figure, take_number(line));
        }
    }
    void read_text(std::size_t field, std::string_view text) {
        std::string_view rest = text;
        std::size_t bytes = take_number(rest);
        if (bytes == 0 || rest.size() < 2 || rest.front() != ' ') {
            bytes = text.size();
            rest = text;
        } else {
            rest.remove_prefix(1);
        }
        std::string& out = texts_[field];
        out.clear();
        bytes = std::min(bytes, kMaxText);
        while (!rest.empty() && out.size() + rest.size() <= bytes)
            out += rest;
        set_[field] = true;
    }
    void set_figure(std::uint64_t which, std::uint64_t value) {
        const auto small = static_cast<std::uint16_t>(value);
        const auto middle = static_cast<std::uint32_t>(value);
        switch (which) {
        case 0:
            desc_.num_tasks = middle;
            break;
        case 1:
            desc_.min_nodes = middle;
            break;
        case 2:
            desc_.min_cpus = middle;
            break;
        case 3:
            desc_.ntasks_per_node = small;
            break;
        case 4:
            desc_.cpus_per_task = small;
            break;
        case 5:
            desc_.pn_min_cpus = small;
            break;
        case 6:
            desc_.pn_min_memory = value;
            break;
        case 7:
            desc_.time_limit = middle;
            break;
        case 8:
            desc_.time_min = middle;
            break;
        case 9:
            desc_.shared = small;
            break;
        default:
            desc_.overcommit = static_cast<std::uint8_t>(value);
        }
    }

    job_desc_msg_t desc_{};
    std::string texts_[kFieldCount];
    bool set_[kFieldCount] = {};
};

// Accounts ten deep, each with four budgets of three TRES; 300 partitions.
model::Snapshot world() {
    model::Snapshot snapshot;
    snapshot.sequence = 1;
    for (const char* name : {"a", "b", "c", "d"})
        snapshot.measures.push_back(
            {name, 3600, {{"gres/gpu", 1}, {"cpu", 2}, {"mem", 1}, {"gres/gpu:a100", 3}}});
    snapshot.factors = {{"a", 2'000'000}, {"b", 0}, {"c", INT64_MAX}};
    for (int i = 0; i < 10; ++i) {
        model::SnapshotAccount account;
        account.name = "account" + std::to_string(i);
        account.check = model::BudgetCheck::refuse;
        for (std::uint32_t measure = 0; measure < 4; ++measure)
            account.budgets.push_back({measure, INT64_MAX});
        if (i > 0)
            account.bounded_by = "account" + std::to_string(i - 1);
        snapshot.accounts.push_back(account);
    }
    snapshot.accounts.push_back({"paused", model::Standing::paused, {}, "paused"});
    for (int i = 100; i < 400; ++i)
        snapshot.partitions.push_back({"p" + std::to_string(i),
                                       i == 100,
                                       i % 2 == 0,
                                       60U,
                                       {{"cpu", 32}, {"gres/gpu", 4}, {"mem", 1000}}});
    snapshot.users = {{1, "account9", {"account9", "paused"}}};
    return snapshot;
}

Settings settings() {
    Settings out;
    for (auto* list :
         {&out.exempt_accounts, &out.exempt_partitions, &out.exempt_qos, &out.exempt_reservations})
        *list = {"e", "exempt", "x"};
    return out;
}

void must(bool condition, const char* what) {
    if (condition)
        return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

} // namespace

// What the linker puts in place of __sanitizer_cov_trace_pc().
// NOLINTNEXTLINE(bugprone-reserved-identifier): the linker's name
extern "C" void __wrap___sanitizer_cov_trace_pc() {
    g_steps += g_counting ? 1 : 0;
}

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const SnapshotView view(world());
    static const Settings exempt = settings();
    const Description job(std::string_view(reinterpret_cast<const char*>(data), size));
    g_steps = 0;
    g_counting = true;
    JobText text = text_of(job.desc(), 1);
    if (text.request.account.empty())
        text.request.account = "account9";
    const JobRequest request = job_request(job.desc(), text);
    const AdmissionResult result = admit(text.request, &view, exempt, {});
    const auto over = shortfall(view, *view.account("account9"), request);
    g_counting = false;
    if (std::getenv("SLUICE_FUZZ_VERBOSE") != nullptr)
        std::printf("%llu steps for %zu bytes\n", static_cast<unsigned long long>(g_steps),
                    job.bytes());
    must(g_steps > 0, "the submit path is not compiled to count its steps");
    must(g_steps <= kStepsAlways + kStepsPerByte * job.bytes(), "too much work for these bytes");
    must(!over || over->wants > over->left, "a shortfall that is none");
    for (const auto figure :
         {request.array_tasks, request.nodes, request.cpus, request.ntasks, request.memory})
        must(figure <= kMaxFigure, "a figure out of bounds");
    // Nothing beside the account and a list of exempt names decides on a pause.
    if (result.reason == Reason::exempt)
        must(text.request.partition.find_first_of("eExX") != std::string_view::npos ||
                 text.request.qos.find_first_of("eExX") != std::string_view::npos ||
                 text.request.reservation.find_first_of("eExX") != std::string_view::npos ||
                 text.request.account.find_first_of("eExX") != std::string_view::npos,
             "exempt without the name of anything exempt");
    return 0;
}
