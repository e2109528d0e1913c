// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/snapshot_manager.hpp"

#include "common/base/text.hpp"
#include "common/wire/file.hpp"

#include <algorithm>
#include <ctime>

namespace sluice::plugin {
namespace {

// How often the file's time is renewed while nothing changes.
constexpr std::int64_t kFileConfirmSeconds = 60;
constexpr std::int64_t kMaxRetrySeconds = 60;

} // namespace

std::int64_t steady_seconds() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

void SnapshotManager::publish() {
    auto next = std::make_shared<const Current>(Current{view_, settings_});
    if (auto old = cell_.publish(std::move(next)))
        old_.push_back(std::move(old));
    sweep();
}

void SnapshotManager::sweep() {
    // What is no longer in the cell gets no new reference, so a count of one stays.
    std::erase_if(old_, [](const auto& old) { return old.use_count() == 1; });
}

void SnapshotManager::use(Settings settings) {
    settings_ = std::make_shared<const Settings>(std::move(settings));
    publish();
}

void SnapshotManager::store_in(std::string path, std::int64_t steady) {
    if (path == path_)
        return;
    path_ = std::move(path);
    tidied_ = false;
    stored_sequence_ = 0;
    if (has_snapshot())
        store(steady);
}

// The newest file counts if it is whole; the previous one is for a file that is damaged or missing.
void SnapshotManager::load(Instant now, std::int64_t steady) {
    if (path_.empty())
        return;
    const auto newest = load_from(path_, now, steady);
    if (newest)
        return log_.note(*newest);
    const std::string previous = wire::previous_file(path_);
    const auto older = load_from(previous, now, steady);
    store_due_ = older_ = older.has_value();
    if (older)
        return log_.fail("snapshot file ignored: " + newest.error().context + "; " + *older +
                         " in " + previous);
    for (const auto& error : {newest.error(), older.error()})
        if (error.code != Errc::not_found)
            return log_.fail("snapshot file ignored: " + error.context);
}

// Returns the line for the log.
Result<std::string> SnapshotManager::load_from(const std::string& file, Instant now,
                                               std::int64_t steady) {
    auto stored = wire::load_file(file);
    if (!stored)
        return std::move(stored).error();
    const std::int64_t age = std::max<std::int64_t>(epoch(now) - epoch(stored->confirmed), 0);
    if (auto taken = accept(std::move(stored->snapshot), steady - age); !taken)
        return std::move(taken).error();
    stored_sequence_ = sequence();
    const std::size_t accounts = view_->snapshot().accounts.size();
    return "starting from the stored snapshot " + std::to_string(sequence()) + " (" +
           std::to_string(accounts) + (accounts == 1 ? " account, " : " accounts, ") +
           std::to_string(age) + " s old)";
}

Result<void> SnapshotManager::accept(model::Snapshot snapshot, std::int64_t steady) {
    if (!cluster_.empty() && !equals_ignoring_case(snapshot.cluster, cluster_))
        return Error{Errc::refused,
                     "snapshot is for cluster " + snapshot.cluster + ", this is " + cluster_};
    view_ = std::make_shared<const admission::SnapshotView>(std::move(snapshot));
    cell_.confirm(steady);
    publish();
    return {};
}

Result<void> SnapshotManager::take(model::Snapshot snapshot, std::int64_t steady) {
    auto accepted = accept(std::move(snapshot), steady);
    if (accepted)
        store(steady);
    return accepted;
}

Result<void> SnapshotManager::take(const wire::Delta& delta, std::int64_t steady) {
    model::Snapshot next = view_ ? view_->snapshot() : model::Snapshot{};
    if (auto applied = wire::apply(delta, next); !applied)
        return applied;
    return take(std::move(next), steady);
}

void SnapshotManager::confirm(std::int64_t steady) {
    cell_.confirm(steady);
    older_ = false;
    retry_store(steady);
    if (steady - file_confirmed_ < kFileConfirmSeconds || path_.empty() || store_due_)
        return;
    file_confirmed_ = steady;
    wire::confirm_file(path_);
}

void SnapshotManager::retry_store(std::int64_t steady) {
    if (store_due_ && !older_ && steady >= retry_at_)
        store(steady);
}

void SnapshotManager::store(std::int64_t steady) {
    older_ = false;
    store_due_ = !path_.empty();
    if (!store_due_)
        return;
    if (!tidied_)
        wire::remove_leftovers(path_);
    tidied_ = true;
    const auto saved = wire::save_file(path_, view_->snapshot(), steady - cell_.confirmed());
    if (!saved) {
        if (!store_failed_)
            log_.fail("snapshot " + std::to_string(sequence()) +
                      " is not stored: " + saved.error().context + ". A restart of slurmctld " +
                      (stored_sequence_ == 0
                           ? "finds no snapshot"
                           : "starts from snapshot " + std::to_string(stored_sequence_)) +
                      "; the plugin tries again every minute");
        store_failed_ = true;
        retry_after_ = std::clamp<std::int64_t>(retry_after_ * 2, 1, kMaxRetrySeconds);
        retry_at_ = steady + retry_after_;
        return;
    }
    stored_sequence_ = sequence();
    store_due_ = false;
    retry_after_ = 0;
    if (store_failed_)
        log_.note("snapshot " + std::to_string(sequence()) + " is stored in " + path_);
    store_failed_ = false;
}

} // namespace sluice::plugin
