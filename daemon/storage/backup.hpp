// SPDX-License-Identifier: GPL-2.0-or-later
// Copies the journal once a day to JOURNAL.YYYY-MM-DD.bak (the day in UTC, mode 0600), checks the
// copy and removes all but the newest seven. While the clock is not trusted, nothing is removed:
// copies of days that never were would replace the good ones. Its own thread and its own
// connection: neither cycles nor readers wait, and the copy is made in small steps. A copy that
// fails leaves the others alone; the next try follows after ten minutes.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/thread.hpp"
#include "daemon/ports/journal.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <string>
#include <vector>

namespace sluice::storage {

class DailyBackup final : public ports::Backups {
public:
    static constexpr std::size_t kKept = 7;
    static constexpr std::chrono::minutes kEvery{10}; // between two checks whether one is due

    // `clock` must outlive it.
    DailyBackup(std::string journal, const Clock& clock);

    // `clock_trusted` is called by the thread.
    void start(std::function<bool()> clock_trusted);
    // False: the disk hangs; the object may not be destroyed.
    bool stop(std::chrono::milliseconds patience);
    ports::BackupState state() const override;

    // Makes the copy of today unless it exists. Called by the thread, and by tests without one.
    void make_if_due();
    // Removes all but the newest seven of today and earlier. Copies of a later day, left by a wrong
    // clock, count when their day has come.
    void remove_oldest() const;

private:
    void run();
    std::string file_of_today() const;
    std::vector<std::string> copies() const; // oldest first
    void make(const std::string& file);
    void note_failure(const std::string& error);

    std::string journal_;
    const Clock& clock_;
    mutable Guarded<ports::BackupState> state_;
    std::function<bool()> clock_trusted_;
    Worker worker_;
    Guarded<bool> woken_;
    std::condition_variable changed_;
};

} // namespace sluice::storage
