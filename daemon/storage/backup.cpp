// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/backup.hpp"

#include "common/base/files.hpp"
#include "common/base/log.hpp"
#include "daemon/storage/database.hpp"
#include "daemon/storage/schema.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnd = ".bak";
constexpr std::chrono::seconds kBackupBusy{5};
constexpr std::chrono::milliseconds kPause{5}; // between steps of 256 KiB: 50 MB/s at most

std::string day_of(Instant now) {
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(now)};
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return text.data();
}

// Whether `text` has the form YYYY-MM-DD.
bool is_day(std::string_view text) {
    constexpr std::string_view kForm = "dddd-dd-dd";
    return text.size() == kForm.size() &&
           std::equal(text.begin(), text.end(), kForm.begin(), [](char c, char form) {
               return form == 'd' ? c >= '0' && c <= '9' : c == form;
           });
}

// A copy must not take the space that the journal needs for its next cycles.
void check_room(const std::string& journal) {
    std::error_code failed;
    std::uintmax_t size = fs::file_size(journal, failed);
    if (const auto wal = fs::file_size(journal + "-wal", failed); !failed)
        size += wal;
    const auto room = fs::space(fs::path(journal).parent_path(), failed);
    if (failed || room.available >= 2 * size)
        return;
    throw Failure({Errc::unavailable, "no space: " + std::to_string(room.available >> 20) +
                                          " MiB are free, the copy needs twice the " +
                                          std::to_string(size >> 20) + " MiB of the journal"});
}

} // namespace

DailyBackup::DailyBackup(std::string journal, const Clock& clock)
    : journal_(std::move(journal)), clock_(clock) {
    const auto all = copies();
    struct stat status {};
    if (!all.empty() && ::stat(all.back().c_str(), &status) == 0)
        *state_.lock() = {all.back(), instant(status.st_mtime), ""};
}

void DailyBackup::start(std::function<bool()> clock_trusted) {
    clock_trusted_ = std::move(clock_trusted);
    worker_.start([this] { run(); });
}

bool DailyBackup::stop(std::chrono::milliseconds patience) {
    return worker_.stop(patience, [this] {
        *woken_.lock() = true;
        changed_.notify_all();
    });
}

ports::BackupState DailyBackup::state() const {
    return *state_.lock();
}

void DailyBackup::run() {
    while (!worker_.stopping()) {
        make_if_due();
        if (clock_trusted_())
            remove_oldest();
        auto woken = woken_.lock();
        changed_.wait_for(woken.lock(), kEvery, [&] { return *woken; });
    }
}

std::string DailyBackup::file_of_today() const {
    return journal_ + '.' + day_of(clock_.now()) + kEnd;
}

std::vector<std::string> DailyBackup::copies() const {
    const fs::path path(journal_);
    const std::string begin = path.filename().string() + '.';
    const std::size_t ends = std::string_view(kEnd).size();
    std::vector<std::string> out;
    std::error_code failed;
    for (fs::directory_iterator it(path.parent_path(), failed), end; !failed && it != end;
         it.increment(failed)) {
        const std::string name = it->path().filename();
        if (name.starts_with(begin) && name.ends_with(kEnd) &&
            is_day(std::string_view(name).substr(begin.size(), name.size() - begin.size() - ends)))
            out.push_back(it->path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

void DailyBackup::make_if_due() {
    const std::string file = file_of_today();
    const auto all = copies();
    if (std::find(all.begin(), all.end(), file) != all.end()) {
        // The copy is whole even where the sync of its folder failed afterwards.
        auto state = state_.lock();
        if (!state->error.empty())
            *state = {file, clock_.now(), ""};
        return;
    }
    if (const auto made = at_port("backup", [&] { make(file); }); !made) {
        if (!worker_.stopping())
            note_failure(made.error().context);
        return;
    }
    const bool failed_before = !state_.lock()->error.empty();
    *state_.lock() = {file, clock_.now(), ""};
    log::event(failed_before ? log::Level::notice : log::Level::info, "SLUICE-0842", "backup-made",
               {{"file", file}});
}

void DailyBackup::remove_oldest() const {
    auto all = copies();
    const std::string today = file_of_today();
    std::erase_if(all, [&](const std::string& file) { return file > today; });
    for (std::size_t i = 0; i + kKept < all.size(); ++i)
        ::unlink(all[i].c_str());
}

void DailyBackup::make(const std::string& file) {
    const std::string fresh = journal_ + ".backup-new";
    check_room(journal_);
    remove_database(fresh);
    try {
        Database source(journal_, Database::Access::read_only, kBackupBusy);
        source.copy_to(fresh, [this] {
            std::this_thread::sleep_for(kPause);
            return !worker_.stopping();
        });
        Database copy(fresh, Database::Access::read_only, kBackupBusy);
        quick_check(copy);
    } catch (const Failure&) {
        remove_database(fresh);
        throw;
    }
    if (auto moved = move_into_place(fresh, file); !moved)
        throw Failure(std::move(moved).error());
}

void DailyBackup::note_failure(const std::string& error) {
    auto state = state_.lock();
    if (state->error != error)
        log::event(log::Level::error, "SLUICE-0841", "backup-failed",
                   {{"error", error}, {"newest", state->file.empty() ? "-" : state->file}});
    state->error = error;
}

} // namespace sluice::storage
