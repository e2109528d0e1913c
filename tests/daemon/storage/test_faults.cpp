// SPDX-License-Identifier: GPL-2.0-or-later
// A disk that is full, a file that somebody else holds, a process that dies: all or nothing.
#include "daemon/storage/journal.hpp"
#include "tests/support/case.hpp"
#include "tests/support/fixed_clock.hpp"
#include "tests/support/scratch_dir.hpp"

#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace sluice;
using namespace sluice::storage;

namespace {

constexpr Instant kNow = instant(1'800'000'000);
constexpr std::chrono::milliseconds kShort{50};

std::unique_ptr<SqliteJournal> open(const std::string& path, const Clock& clock) {
    auto opened = SqliteJournal::open(path, clock, kShort);
    CHECK(opened);
    return std::move(*opened);
}

model::Decision decision(int accounts) {
    model::Decision decided;
    decided.now = kNow;
    for (int i = 0; i < accounts; ++i) {
        auto& entry = decided.accounts.emplace_back();
        entry.account = "account-with-a-long-name-" + std::to_string(i);
        entry.memory.period = "2027-Q1";
    }
    return decided;
}

std::vector<model::Command> commands(int count) {
    std::vector<model::Command> list(static_cast<std::size_t>(count));
    for (auto& command : list)
        command.account = "a";
    return list;
}

// Files of this process cannot grow while it lives: what a full disk looks like to write(2).
class FullDisk {
public:
    explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        CHECK_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int);
};

} // namespace

CASE(a_full_disk_leaves_nothing_of_the_cycle_and_the_next_one_succeeds) {
    test::ScratchDir dir;
    test::FixedClock clock(kNow);
    auto journal = open(dir.file("j.db"), clock);
    const auto many = decision(2'000);
    const auto wanted = commands(2'000);
    {
        const FullDisk full(128 * 1024);
        const auto recorded = journal->record_cycle("c", many, {}, wanted);
        CHECK(!recorded);
        CHECK(recorded.error().code == Errc::unavailable);
    }
    CHECK(journal->history("c", instant(0))->accounts.empty());
    CHECK(journal->commands({"", {}, 10'000})->empty());
    CHECK(journal->record_cycle("c", many, {}, wanted));
    CHECK_EQ(journal->commands({"", {}, 10'000})->size(), 2'000U);
    journal = open(dir.file("j.db"), clock);
    CHECK_EQ(journal->history("c", instant(0))->accounts.size(), 2'000U);
}

CASE(a_locked_journal_is_unavailable_and_recovers) {
    test::ScratchDir dir;
    test::FixedClock clock(kNow);
    auto journal = open(dir.file("j.db"), clock);
    {
        Database other(dir.file("j.db"), Database::Access::read_write, kShort);
        Transaction held(other);
        const auto recorded = journal->record_cycle("c", decision(1), {}, commands(1));
        CHECK(!recorded);
        CHECK(recorded.error().code == Errc::unavailable);
        CHECK(journal->close_unfinished(kNow).error().code == Errc::unavailable);
        CHECK(journal->forget(kNow).error().code == Errc::unavailable);
        // Readers are not held up.
        CHECK(journal->commands({}));
        CHECK(journal->history("c", instant(0)));
    }
    CHECK(journal->record_cycle("c", decision(1), {}, commands(1)));
    CHECK_EQ(journal->commands({})->size(), 1U);
}

CASE(a_process_killed_inside_a_transaction_leaves_nothing_of_it) {
    test::ScratchDir dir;
    test::FixedClock clock(kNow);
    {
        auto journal = open(dir.file("j.db"), clock);
        CHECK(journal->record_cycle("c", decision(1), {}, commands(1)));
    }
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            Database database(dir.file("j.db"), Database::Access::read_write, kShort);
            const Transaction transaction(database);
            database.execute("DELETE FROM command; UPDATE account SET period = 'x'");
            ::kill(::getpid(), SIGKILL);
        } catch (...) {
        }
        ::_exit(1);
    }
    int status = 0;
    CHECK_EQ(::waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status));
    auto journal = open(dir.file("j.db"), clock);
    CHECK_EQ(journal->commands({})->size(), 1U);
    CHECK_EQ(journal->history("c", instant(0))->accounts.at("account-with-a-long-name-0").period,
             "2027-Q1");
}

CASE(a_folder_that_is_missing_is_named) {
    test::ScratchDir dir;
    test::FixedClock clock(kNow);
    const auto journal = SqliteJournal::open(dir.file("none/j.db"), clock);
    CHECK(!journal);
    CHECK(journal.error().context.find("none/j.db.new: No such file") != std::string::npos);
}
