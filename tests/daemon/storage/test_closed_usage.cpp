// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/daemon/storage/books.hpp"

#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::sqlite;
using ports::ClosedSlice;

namespace {

constexpr std::chrono::hours kDay{24};

ClosedSlice slice(int day, const std::string& figures, std::int64_t reads = 1) {
    return {{kNow + day * kDay, kNow + (day + 1) * kDay}, kNow, reads, figures};
}

std::string all_of(Books& books, const std::string& cluster = kCluster) {
    std::string text;
    CHECK(books.journal->closed_usage().each(cluster, [&](const ClosedSlice& one) {
        text += std::to_string((one.ended.begin - kNow) / kDay) + ':' + one.figures + ' ';
    }));
    return text;
}

} // namespace

CASE(closed_usage_comes_back_in_order_after_a_restart) {
    Books books;
    CHECK(books.journal->closed_usage().put(kCluster, std::vector{slice(2, "b"), slice(1, "a")}));
    books.reopen();
    CHECK_EQ(all_of(books), "1:a 2:b ");
}

CASE(a_day_of_closed_usage_is_replaced_as_a_whole) {
    Books books;
    CHECK(books.journal->closed_usage().put(kCluster, std::vector{slice(1, "a")}));
    CHECK(books.journal->closed_usage().put(kCluster, std::vector{slice(1, "late", 2)}));
    std::int64_t reads = 0;
    CHECK(books.journal->closed_usage().each(kCluster,
                                             [&](const ClosedSlice& one) { reads += one.reads; }));
    CHECK_EQ(reads, 2);
    CHECK_EQ(all_of(books), "1:late ");
}

CASE(closed_usage_of_one_cluster_is_not_anothers) {
    Books books;
    CHECK(books.journal->closed_usage().put(kCluster, std::vector{slice(1, "a")}));
    CHECK(books.journal->closed_usage().put("c2", std::vector{slice(1, "z")}));
    CHECK(books.journal->closed_usage().drop("c2", kNow + 9 * kDay));
    CHECK_EQ(all_of(books), "1:a ");
    CHECK_EQ(all_of(books, "c2"), "");
}

CASE(days_of_closed_usage_that_are_over_by_an_instant_are_dropped) {
    Books books;
    CHECK(books.journal->closed_usage().put(
        kCluster, std::vector{slice(1, "a"), slice(2, "b"), slice(3, "c")}));
    CHECK(books.journal->closed_usage().drop(kCluster, kNow + 3 * kDay));
    CHECK_EQ(all_of(books), "3:c ");
}
