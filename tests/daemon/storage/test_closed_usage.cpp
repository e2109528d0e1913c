// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/daemon/storage/books.hpp"

#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::storage;
using ports::ClosedDay;

namespace {

constexpr std::chrono::hours kDay{24};
constexpr Window kEver{kNow - 99 * kDay, kNow + 99 * kDay};

// A day with two pieces, of which the first ends at noon, `amount` CPU-seconds in each.
ClosedDay closed_day(int day, Amount amount, std::int64_t reads = 1) {
    const Instant begin = kNow + day * kDay;
    const Instant noon = begin + kDay / 2;
    return {begin,
            kNow,
            reads,
            {{{begin, noon}, {{"physics", {{"games", {{1, amount}}}}}}},
             {{noon, begin + kDay}, {{"physics", {{"games", {{1, amount}}}}}}}}};
}

std::string all_of(Books& books, const std::string& cluster = kCluster) {
    std::string text;
    const auto days = books.journal->closed_usage().days(cluster);
    CHECK(days);
    for (const ClosedDay& day : *days) {
        const auto sums =
            books.journal->closed_usage().sums(cluster, kEver, {day.begin, day.begin + kDay});
        CHECK(sums);
        text += std::to_string((day.begin - kNow) / kDay) + ':' +
                std::to_string(sums->at("physics").at("games").at(1)) + ' ';
    }
    return text;
}

void put(Books& books, const std::vector<ClosedDay>& days, const std::string& cluster = kCluster) {
    CHECK(books.journal->closed_usage().put(cluster, days));
}

} // namespace

CASE(closed_usage_comes_back_in_order_after_a_restart) {
    Books books;
    put(books, {closed_day(2, 20), closed_day(1, 10)});
    books.reopen();
    CHECK_EQ(all_of(books), "1:20 2:40 ");
    const auto days = books.journal->closed_usage().days(kCluster);
    CHECK_EQ(days->size(), 2U);
    CHECK_EQ(days->front().pieces.size(), 2U);
    CHECK(days->front().pieces[0].time == (Window{kNow + kDay, kNow + kDay * 3 / 2}));
    CHECK(days->front().pieces[0].sums.empty());
}

CASE(closed_usage_is_summed_by_account_user_and_tres_inside_a_range) {
    Books books;
    auto day = closed_day(1, 10);
    day.pieces[0].sums["tab\tline\n"][""][1001] = 5;
    put(books, {day, closed_day(2, 100)});
    auto& store = books.journal->closed_usage();
    const auto sums = store.sums(kCluster, kEver, {kNow + kDay, kNow + kDay * 5 / 2});
    CHECK(sums);
    CHECK(*sums == (ports::UserSums{{"physics", {{"games", {{1, 120}}}}},
                                    {"tab\tline\n", {{"", {{1001, 5}}}}}}));
    const auto first = store.sums(kCluster, {kNow, kNow + 2 * kDay}, kEver);
    CHECK_EQ(first->at("physics").at("games").at(1), 20);
    CHECK(store.sums(kCluster, kEver, {kNow + kDay * 5 / 4, kNow + kDay * 5 / 3})->empty());
}

CASE(a_sum_of_closed_usage_that_does_not_fit_is_an_error) {
    Books books;
    put(books, {closed_day(1, INT64_MAX)});
    CHECK(!books.journal->closed_usage().sums(kCluster, kEver, kEver));
}

CASE(a_day_without_usage_is_kept_as_a_day) {
    Books books;
    put(books, {{kNow, kNow, 1, {}}});
    const auto days = books.journal->closed_usage().days(kCluster);
    CHECK_EQ(days->size(), 1U);
    CHECK(days->front().pieces.empty());
}

CASE(a_day_of_closed_usage_is_replaced_as_a_whole) {
    Books books;
    put(books, {closed_day(1, 10)});
    put(books, {closed_day(1, 30, 2)});
    CHECK_EQ(books.journal->closed_usage().days(kCluster)->front().reads, 2);
    CHECK_EQ(all_of(books), "1:60 ");
}

CASE(closed_usage_of_one_cluster_is_not_anothers) {
    Books books;
    put(books, {closed_day(1, 10)});
    put(books, {closed_day(1, 99)}, "c2");
    CHECK(books.journal->closed_usage().drop("c2", kNow + 9 * kDay));
    CHECK_EQ(all_of(books), "1:20 ");
    CHECK_EQ(all_of(books, "c2"), "");
}

CASE(days_of_closed_usage_up_to_the_last_one_named_are_dropped) {
    Books books;
    put(books, {closed_day(1, 1), closed_day(2, 2), closed_day(3, 3)});
    CHECK(books.journal->closed_usage().drop(kCluster, kNow + 2 * kDay));
    CHECK_EQ(all_of(books), "3:6 ");
    CHECK_EQ(books.journal->closed_usage().sums(kCluster, kEver, kEver)->size(), 1U);
}

CASE(corrections_of_usage_come_back_after_a_restart) {
    Books books;
    const Window day{kNow, kNow + kDay};
    const Window next{day.end, day.end + kDay};
    ports::CorrectedTime one{day, kNow + kDay, 3, {}};
    one.sums.factor["physics"]["games"][1] = -1801;
    one.sums.idle["physics"][""][1] = 230400;
    CHECK(books.journal->closed_usage().put(kCluster, one));
    one.sums.factor["physics"]["games"][1] = -1802; // replaces the first
    CHECK(books.journal->closed_usage().put(kCluster, one));
    CHECK(books.journal->closed_usage().put(kCluster, ports::CorrectedTime{next, kNow, 0, {}}));
    books.reopen();
    const auto all = books.journal->closed_usage().corrections(kCluster);
    CHECK(all);
    CHECK_EQ(all->size(), 2U);
    CHECK(all->at(0).time == day && all->at(0).read_at == kNow + kDay && all->at(0).records == 3);
    CHECK_EQ(all->at(0).sums.factor.at("physics").at("games").at(1), -1802);
    CHECK_EQ(all->at(0).sums.idle.at("physics").at("").at(1), 230400);
    CHECK(all->at(1).time == next && all->at(1).sums.factor.empty());
    CHECK(books.journal->closed_usage().drop_corrections(kCluster, day.end));
    CHECK_EQ(books.journal->closed_usage().corrections(kCluster)->size(), 1U);
    CHECK(books.journal->closed_usage().corrections("other")->empty());
}

CASE(usage_factors_of_qos_come_back_after_a_restart) {
    Books books;
    const std::vector<ports::QosFactor> all{{5, Instant{}, 500000}, {5, kNow, 0}, {6, kNow, 1}};
    CHECK(books.journal->closed_usage().put(kCluster, all));
    books.reopen();
    CHECK(books.journal->closed_usage().factors(kCluster).value() == all);
    CHECK(books.journal->closed_usage().factors("other")->empty());
}
