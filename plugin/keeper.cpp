// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/keeper.hpp"

#include "common/base/text.hpp"
#include "common/wire/file.hpp"

#include <algorithm>

namespace sluice::plugin {
namespace {

// How often the file's time is renewed while nothing changes.
constexpr std::int64_t kFileConfirmSeconds = 60;

} // namespace

void Keeper::publish() {
    auto next = std::make_shared<const Current>(Current{view_, settings_});
    if (auto old = cell_.publish(std::move(next)))
        old_.push_back(std::move(old));
    sweep();
}

void Keeper::sweep() {
    // Nobody can take a new reference to what is no longer in the cell, so a count of one stays.
    std::erase_if(old_, [](const auto& old) { return old.use_count() == 1; });
}

void Keeper::use(Settings settings) {
    settings_ = std::make_shared<const Settings>(std::move(settings));
    publish();
}

void Keeper::load(Instant now, std::int64_t steady) {
    if (path_.empty())
        return;
    auto stored = wire::load_file(path_);
    if (!stored) {
        if (stored.error().code != Errc::not_found)
            log_.fail("snapshot file ignored: " + stored.error().context);
        return;
    }
    const std::int64_t age = std::max<std::int64_t>(epoch(now) - epoch(stored->confirmed), 0);
    if (auto taken = accept(std::move(stored->snapshot), steady - age); !taken) {
        log_.fail("snapshot file ignored: " + taken.error().context);
        return;
    }
    stored_ = snapshot_.sequence;
    log_.note("starting from the stored snapshot " + std::to_string(snapshot_.sequence) + " (" +
              std::to_string(snapshot_.accounts.size()) + " accounts, " + std::to_string(age) +
              " s old)");
}

Result<void> Keeper::accept(model::Snapshot snapshot, std::int64_t steady) {
    if (!cluster_.empty() && !equals_ignoring_case(snapshot.cluster, cluster_))
        return Error{Errc::refused,
                     "snapshot is for cluster " + snapshot.cluster + ", this is " + cluster_};
    snapshot_ = std::move(snapshot);
    adopt(steady);
    return {};
}

Result<void> Keeper::take(model::Snapshot snapshot, std::int64_t steady) {
    auto accepted = accept(std::move(snapshot), steady);
    if (accepted)
        store();
    return accepted;
}

Result<void> Keeper::take(const wire::Delta& delta, std::int64_t steady) {
    if (auto applied = wire::apply(delta, snapshot_); !applied)
        return applied;
    adopt(steady);
    store();
    return {};
}

void Keeper::adopt(std::int64_t steady) {
    view_ = std::make_shared<const View>(snapshot_);
    cell_.confirm(steady);
    publish();
}

void Keeper::confirm(std::int64_t steady) {
    cell_.confirm(steady);
    if (steady - file_confirmed_ < kFileConfirmSeconds || path_.empty() || store_failed_)
        return;
    file_confirmed_ = steady;
    wire::confirm_file(path_);
}

void Keeper::store() {
    if (path_.empty())
        return;
    const auto saved = wire::save_file(path_, snapshot_);
    if (!saved && !store_failed_)
        log_.fail("snapshot cannot be stored: " + saved.error().context);
    store_failed_ = !saved;
    if (saved)
        stored_ = snapshot_.sequence;
}

} // namespace sluice::plugin
