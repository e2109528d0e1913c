// SPDX-License-Identifier: GPL-2.0-or-later
// A journal in a folder of the test's own that can be closed and opened again, as by a restart.
#pragma once

#include "daemon/storage/journal.hpp"
#include "tests/support/case.hpp"
#include "tests/support/fixed_clock.hpp"
#include "tests/support/scratch_dir.hpp"

#include <memory>
#include <optional>

namespace sluice::storage {

constexpr Instant kNow = instant(1'800'000'000);
constexpr const char* kCluster = "c1";

struct Books {
    test::ScratchDir dir;
    test::FixedClock clock{kNow};
    std::unique_ptr<SqliteJournal> journal = open();

    std::unique_ptr<SqliteJournal> open() {
        auto opened = SqliteJournal::open(dir.file("j.db"), clock);
        CHECK(opened);
        return std::move(*opened);
    }
    void reopen() {
        journal.reset();
        journal = open();
    }
    // Closes one command.
    Result<std::size_t> close(std::int64_t id, std::optional<Error> failure = std::nullopt) const {
        const ports::CommandOutcome outcome{id, kNow, kNow, std::move(failure)};
        return journal->close_commands(std::span(&outcome, 1));
    }
    // Changes with every commit of another connection.
    std::int64_t commits() {
        if (!watcher)
            watcher.emplace(dir.file("j.db"), Database::Access::read_only,
                            std::chrono::milliseconds(100));
        return watcher->integer("PRAGMA data_version");
    }
    std::optional<Database> watcher;
};

} // namespace sluice::storage
