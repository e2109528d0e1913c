// SPDX-License-Identifier: GPL-2.0-or-later
// Slurm's TRES strings.
#include "daemon/adapters/slurm/tres_text.hpp"

#include "tests/daemon/adapters/slurm/facts.hpp"
#include "tests/support/case.hpp"

namespace sluice {
namespace {

const slurm::TresNames& names() {
    static const slurm::TresNames table{test::small_cluster().tres};
    return table;
}

CASE(tres_text_is_read_by_id) {
    const auto figures = slurm::parse_tres("1=1200,5=600");
    CHECK_EQ(figures.size(), 2U);
    CHECK_EQ(figures[0].first, 1U);
    CHECK_EQ(figures[0].second, 1200U);
    CHECK_EQ(figures[1].first, 5U);
    CHECK_EQ(figures[1].second, 600U);
}

CASE(unknown_and_infinite_figures_are_left_out) {
    const auto figures = slurm::parse_tres("1=2,3=18446744073709551614,5=18446744073709551615,4=1");
    CHECK_EQ(figures.size(), 2U);
    CHECK_EQ(figures[1].first, 4U);
}

CASE(what_is_no_figure_is_left_out) {
    CHECK_EQ(slurm::parse_tres("").size(), 0U);
    CHECK_EQ(slurm::parse_tres(",,1,=5,a=1,1=b,2=-7,1=99999999999999999999").size(), 0U);
}

CASE(the_first_of_two_figures_of_one_tres_counts) {
    const auto figures = slurm::parse_tres("5=600,5=900");
    CHECK_EQ(figures.size(), 1U);
    CHECK_EQ(figures[0].second, 600U);
}

CASE(limits_are_named_and_unknown_tres_are_not_there) {
    const auto limits = slurm::named_limits("1=100,1001=0,77=5", names());
    CHECK_EQ(limits.size(), 2U);
    CHECK_EQ(limits.at("cpu"), 100);
    CHECK_EQ(limits.at("gres/gpu"), 0);
}

CASE(a_limit_is_written_by_id_and_cleared_by_minus_one) {
    CHECK_EQ(slurm::limit_text({{"gres/gpu", 7}, {"cpu", std::nullopt}}, names()).value(),
             "1=-1,1001=7");
    CHECK(!slurm::limit_text({{"gres/tpu", 7}}, names()));
    CHECK(!slurm::limit_text({{"cpu", -1}}, names()));
}

} // namespace
} // namespace sluice
