// SPDX-License-Identifier: GPL-2.0-or-later
// Sums of the jobs that ended in one slice of time: nothing of them is lost or counted twice.
#include "daemon/slurm/day_totals.hpp"

#include "tests/daemon/slurm/facts.hpp"
#include "tests/support/case.hpp"

using namespace sluice;

namespace {

using namespace slurm;
using Cuts = std::set<Instant>;

EndedJob ended(std::uint64_t index, std::int64_t begin, std::int64_t end) {
    EndedJob job;
    job.db_index = index;
    job.job_id = 7; // ids repeat
    job.account = "physics";
    job.user = "games";
    job.begin = instant(begin);
    job.end = instant(end);
    job.tres = "1=2,4=1";
    return job;
}

std::vector<Piece> pieces(const std::vector<EndedJob>& jobs, const Cuts& cuts,
                          const Suspensions& suspensions = {}) {
    std::vector<Piece> all;
    for (const Window& time : pieces_of_time(jobs, cuts))
        all.push_back(piece_of(jobs, time, suspensions));
    return all;
}

Amount cpu_of(const Piece& piece, const std::string& account = "physics",
              const std::string& user = "games") {
    return narrow(piece.sums.at(account).at(user).at(1)).value();
}

} // namespace

CASE(jobs_of_a_slice_are_summed_by_account_user_and_tres) {
    auto other = ended(3, 1000, 1010);
    other.user = "man";
    const auto all = pieces({ended(1, 1000, 1100), ended(2, 1050, 1100), other}, {});
    CHECK_EQ(all.size(), 1U);
    CHECK_EQ(cpu_of(all[0]), 2 * 150);
    CHECK_EQ(cpu_of(all[0], "physics", "man"), 2 * 10);
    CHECK(all[0].sums.at("physics").at("games").at(4) == 150);
    CHECK(all[0].time == (Window{instant(1000), instant(1100)}));
}

CASE(a_job_that_straddles_a_cut_is_in_both_pieces) {
    const auto all = pieces({ended(1, 1000, 1100)}, {instant(1030), instant(5000)});
    CHECK_EQ(all.size(), 2U);
    CHECK_EQ(cpu_of(all[0]), 2 * 30);
    CHECK_EQ(cpu_of(all[1]), 2 * 70);
}

CASE(suspended_time_comes_off_cpus_of_its_piece_only) {
    auto job = ended(1, 1000, 1100);
    job.suspended = 20;
    Suspensions suspensions;
    suspensions.by_record[1] = 20;
    CHECK(needs_suspensions({job}, {instant(1000), instant(1050)}));
    CHECK(!needs_suspensions({job}, {instant(1100), instant(1150)}));
    const Piece piece = piece_of({job}, {instant(1000), instant(1050)}, suspensions);
    CHECK_EQ(cpu_of(piece), 2 * 30);
    CHECK(piece.sums.at("physics").at("games").at(4) == 50);
}

CASE(pieces_fit_where_no_window_ends_inside_one) {
    const std::vector<Window> times{{instant(10), instant(20)}, {instant(20), instant(30)}};
    CHECK(fits(times, {}));
    CHECK(fits(times, {instant(5), instant(10), instant(20), instant(30), instant(40)}));
    CHECK(!fits(times, {instant(20), instant(29)}));
    CHECK(fits({}, {instant(15)}));
}

CASE(a_slice_is_the_same_after_it_was_written_down) {
    auto odd = ended(2, 900, 1000);
    odd.account = "P";
    odd.user = "tab\tline\n100%25";
    auto nameless = ended(3, 900, 950);
    nameless.user = "";
    auto worthless = ended(4, 900, 950);
    worthless.account = "none";
    worthless.tres = "";
    const auto before = pieces({ended(1, 1000, 1100), odd, nameless, worthless}, {instant(950)});
    const auto text = text_of_pieces(before);
    CHECK(text);
    const auto after = pieces_of_text(*text);
    CHECK(after);
    CHECK_EQ(after->size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        CHECK(after->at(i).time == before[i].time);
        CHECK(after->at(i).sums == before[i].sums);
    }
    CHECK(pieces_of_text("") && pieces_of_text("")->empty());
}

CASE(what_is_no_slice_is_not_read_as_one) {
    for (const char* text : {"x", "physics\tgames\t1=2\n", "P\t1\n", "P\t1\t2", "P\t1\tx\n",
                             "P\t1\t2\na\tb\t1=x\n", "P\t1\t2\na\tb\t1\n", "P\t1\t2\na\tb\n",
                             "P\t1\t2\na\tb\tc\td\n", "P\t1\t2\na\tb\t1=99999999999999999999\n"})
        CHECK(!pieces_of_text(text));
}

CASE(a_sum_that_does_not_fit_is_an_error) {
    auto job = ended(1, 1, 1000000);
    job.tres = "2=9000000000000000000";
    const auto text = text_of_pieces(pieces({job}, {}));
    CHECK(!text);
    CHECK(text.error().code == Errc::overflow);
}
