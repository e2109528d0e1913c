// SPDX-License-Identifier: GPL-2.0-or-later
// Job arrays and TRES lists as slurmctld reads them.
#include "common/admission/job_lists.hpp"

#include "tests/support/case.hpp"

#include <climits>
#include <cstdlib>
#include <random>

using namespace sluice;
using namespace sluice::admission;

namespace {

std::uint64_t gres_count(std::string_view list, std::string_view tres) {
    return GresList(list).count_of(tres);
}

} // namespace

CASE(an_array_is_counted_with_steps) {
    CHECK_EQ(array_tasks(""), 1U);
    CHECK_EQ(array_tasks("7"), 1U);
    CHECK_EQ(array_tasks("0-9"), 10U);
    CHECK_EQ(array_tasks("1-10:3"), 4U);
    CHECK_EQ(array_tasks("1,3,5-7%2"), 5U);
}

CASE(indices_in_any_order_are_all_counted) {
    CHECK_EQ(array_tasks("5,1-3"), 4U);
    CHECK_EQ(array_tasks("9,8,7,6,5,4,3,2,1,0"), 10U);
    CHECK_EQ(array_tasks("0,1-1000"), 1001U);
}

CASE(ranges_that_overlap_count_once) {
    CHECK_EQ(array_tasks("1-10,5-12"), 12U);
    CHECK_EQ(array_tasks("7,7,7"), 1U);
    CHECK_EQ(array_tasks("1-11:2,0-10:2"), 12U);
}

CASE(whatever_slurm_reads_as_an_array_is_counted) {
    CHECK_EQ(array_tasks("[1-100]"), 100U);
    CHECK_EQ(array_tasks("[1-100:2]%4"), 50U);
    CHECK_EQ(array_tasks("+1-+100"), 100U);
    CHECK_EQ(array_tasks(" 1-\t100"), 100U);
    CHECK_EQ(array_tasks("0%1,1-1000"), 1001U);
    CHECK_EQ(array_tasks("0%x,1-9"), 10U);
    CHECK_EQ(array_tasks(",,1-9,"), 9U);
    CHECK_EQ(array_tasks("-+5"), 6U);
    CHECK_EQ(array_tasks("[,1-9"), 10U);
    CHECK_EQ(array_tasks("4294967296-9"), 10U); // 22.05.2 keeps 32 bits
}

CASE(most_arrays_that_slurm_refuses_are_one_task) {
    for (const char* refused : {"3-1", "1-x", "1:2", ",,,", "99999999999999999999999"})
        CHECK_EQ(array_tasks(refused), 1U);
}

namespace {

// Slurm's own way to read an item, with strtol(). 0: refused.
struct Item {
    long first = 0;
    long last = 0;
    long count = 0;
};
Item read_as_slurm(const std::string& text) {
    constexpr long kMaxArraySize = 4'000'001;
    const auto number = [](const char*& at) {
        char* end = nullptr;
        const long value = std::strtol(at, &end, 10);
        at = end + (*end == ']' ? 1 : 0);
        return value;
    };
    const char* at = text.c_str() + (text[0] == '[' ? 1 : 0);
    Item item;
    item.first = item.last = number(at);
    long step = 1;
    if (item.first >= 0 && *at == '-') {
        item.last = number(++at);
        if (*at == ':')
            step = number(++at);
    }
    if ((*at != '\0' && *at != '%') || item.first < 0 || item.last < item.first || step <= 0 ||
        item.last >= kMaxArraySize || step >= kMaxArraySize)
        return {};
    item.count = (item.last - item.first) / step + 1;
    return item;
}

} // namespace

CASE(random_arrays_are_counted_as_slurm_counts_them) {
    std::mt19937 random(1);
    const std::vector<std::string> pieces{"0", "1",  "12", "345", "[", "]",
                                          "-", ":2", "%3", " ",   "+"};
    int taken = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string list(random() % 3, ',');
        long sum = 0;
        long first = LONG_MAX;
        long last = 0;
        for (int i = 0; i < 40; ++i) {
            std::string text;
            for (std::size_t n = 1 + random() % 6; n > 0; --n)
                text += pieces[random() % pieces.size()];
            const Item item = read_as_slurm(text);
            if (item.count == 0)
                continue;
            list += text + ",";
            sum += item.count;
            first = std::min(first, item.first);
            last = std::max(last, item.last);
            ++taken;
        }
        if (sum > 0 &&
            array_tasks(list) != static_cast<std::uint64_t>(std::min(sum, last - first + 1)))
            return test::fail(list);
    }
    CHECK(taken > 100'000);
}

CASE(gpus_count_by_type_and_all_together) {
    CHECK_EQ(gres_count("gres:gpu:2", "gres/gpu"), 2U);
    CHECK_EQ(gres_count("gres/gpu:a100=2", "gres/gpu"), 2U);
    CHECK_EQ(gres_count("gres/gpu:a100=2", "gres/gpu:a100"), 2U);
    CHECK_EQ(gres_count("gres:gpu:a100:2,gres:gpu:v100:1", "gres/gpu"), 3U);
    CHECK_EQ(gres_count("gres:gpu:a100:2;gres:gpu:v100:1", "gres/gpu:a100"), 2U);
    CHECK_EQ(gres_count("gres:gpu:2", "gres/gpu:a100"), 0U);
    CHECK_EQ(gres_count("gpu", "gres/gpu"), 1U);
    CHECK_EQ(gres_count("gpu:a100", "gres/gpu"), 1U);
    CHECK_EQ(gres_count("gpu:a100", "gres/gpu:a100"), 1U);
    CHECK_EQ(gres_count("gpu:2(S:0-1)", "gres/gpu"), 2U);
    CHECK_EQ(gres_count("cpu=4,gres/gpu=1", "gres/gpu"), 1U);
    CHECK_EQ(gres_count("gres:fpga:2", "gres/gpu"), 0U);
    CHECK_EQ(gres_count(",;,", "gres/gpu"), 0U);
    CHECK_EQ(gres_count("gres:gpu:2", "cpu"), 0U);
}

CASE(counts_have_the_suffixes_of_slurm) {
    CHECK_EQ(gres_count("gres:gpu:2k", "gres/gpu"), 2048U);
    CHECK_EQ(gres_count("gres:gpu:2KiB", "gres/gpu"), 2048U);
    CHECK_EQ(gres_count("gres:gpu:2kb", "gres/gpu"), 2000U);
    CHECK_EQ(gres_count("gres/gpu:a100=3m", "gres/gpu"), std::uint64_t{3} << 20);
    CHECK_EQ(gres_count("gres:gpu:9p", "gres/gpu"), kMaxFigure);
    CHECK_EQ(gres_count("gres/gpu=2x", "gres/gpu"), 0U); // Slurm refuses it
    CHECK_EQ(gres_count("gres:gpu:2x", "gres/gpu"), 1U); // Slurm takes it for a type
}

CASE(whatever_slurm_reads_as_a_count_is_counted) {
    CHECK_EQ(gres_count("xgres:gpu:4", "gres/gpu"), 4U);
    CHECK_EQ(gres_count("gresgpu:4", "gres/gpu"), 4U);
    CHECK_EQ(gres_count("gres:gpu:+4", "gres/gpu"), 4U);
    CHECK_EQ(gres_count("gres:gpu: 4", "gres/gpu"), 4U);
    CHECK_EQ(gres_count("gres:gpu:-8", "gres/gpu"), kMaxFigure);
    CHECK_EQ(gres_count("gres:gpu:99999999999999999999", "gres/gpu"), kMaxFigure);
}

CASE(the_largest_count_for_each_gpu_holds) {
    CHECK_EQ(largest_count("gres:gpu:4,gres:gpu:a100:6,gres:fpga:9", "gpu"), 6U);
    CHECK_EQ(largest_count("", "gpu"), 0U);
    CHECK_EQ(largest_count(std::string(kMaxGres + 1, ','), "gpu"), kMaxFigure);
}
