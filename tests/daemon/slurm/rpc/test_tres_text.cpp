// SPDX-License-Identifier: GPL-2.0-or-later
// Slurm's TRES strings.
#include "daemon/slurm/rpc/tres_text.hpp"

#include "tests/daemon/slurm/facts.hpp"
#include "tests/support/case.hpp"

using namespace sluice;

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

CASE(unknown_and_infinite_tres_figures_are_left_out) {
    const auto figures = slurm::parse_tres("1=2,3=18446744073709551614,5=18446744073709551615,4=1");
    CHECK_EQ(figures.size(), 2U);
    CHECK_EQ(figures[1].first, 4U);
}

CASE(parts_of_a_tres_text_without_a_number_are_left_out) {
    CHECK_EQ(slurm::parse_tres("").size(), 0U);
    CHECK_EQ(slurm::parse_tres(",,1,=5,a=1,1=b,2=-7,1=99999999999999999999").size(), 0U);
}

CASE(the_first_of_two_figures_of_one_tres_counts) {
    const auto figures = slurm::parse_tres("5=600,5=900");
    CHECK_EQ(figures.size(), 1U);
    CHECK_EQ(figures[0].second, 600U);
}

CASE(limits_are_named_and_those_of_unknown_tres_left_out) {
    const auto limits = slurm::named_limits("1=100,1001=0,77=5", names());
    CHECK_EQ(limits.size(), 2U);
    CHECK_EQ(limits.at("cpu"), 100);
    CHECK_EQ(limits.at("gres/gpu"), 0);
}

CASE(a_limit_is_written_by_id_and_cleared_by_infinity) {
    CHECK_EQ(slurm::limit_text({{"gres/gpu", 7}, {"cpu", std::nullopt}}, names()).value(),
             "1=18446744073709551615,1001=7");
    CHECK(!slurm::limit_text({{"gres/tpu", 7}}, names()));
    CHECK(!slurm::limit_text({{"cpu", -1}}, names()));
}

CASE(tres_text_with_names_and_suffixes_is_read_exactly) {
    const slurm::TresNames names{test::small_cluster().tres};
    using slurm::tres_by_id;
    CHECK(tres_by_id("cpu=4,mem=1500M,node=1,billing=5", names) == "1=4,2=1500,4=1,5=5");
    CHECK(tres_by_id("node=1,license/solver=2,bb/lua=3G", names) == "4=1,1002=2,1003=3072");
    CHECK(tres_by_id("mem=3G", names) == "2=3072");
    CHECK(tres_by_id("mem=2T,cpu=2K", names) == "2=2097152,1=2048");
    CHECK(tres_by_id("cpu=1,unknown/tres=7", names) == "1=1");
    CHECK(tres_by_id("", names) == "");
    CHECK(!tres_by_id("mem=1.50G", names));
    CHECK(!tres_by_id("mem=5K", names)); // less than one of its unit
    CHECK(!tres_by_id("cpu", names));
    CHECK(!tres_by_id("cpu=", names));
    CHECK(!tres_by_id("cpu=20000000000000E", names));
}

} // namespace
