// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/plugin_server/snapshot_store.hpp"

#include "common/base/text.hpp"
#include "common/wire/message.hpp"

#include <algorithm>

namespace sluice::plugin_server {
namespace {

// Seconds and, below them, microseconds: a million changes a second would be needed to overtake the
// clock, and a daemon that is started twice within a second does not repeat itself.
constexpr int kSequenceShift = 20;

std::uint64_t first_sequence(std::chrono::sys_time<std::chrono::microseconds> started) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(started);
    return (static_cast<std::uint64_t>(epoch(seconds)) << kSequenceShift) +
           static_cast<std::uint64_t>((started - seconds).count());
}

template <class Record, class Key>
void sort_unique(std::vector<Record>& records, Key key) {
    std::stable_sort(records.begin(), records.end(),
                     [key](const Record& a, const Record& b) { return key(a) < key(b); });
    records.erase(std::unique(records.begin(), records.end(),
                              [key](const Record& a, const Record& b) { return key(a) == key(b); }),
                  records.end());
}

void cut(std::string& text, std::size_t most) {
    if (text.size() > most)
        text.resize(most);
}

model::Snapshot sorted(const model::Snapshot& from) {
    model::Snapshot out = from;
    sort_unique(out.accounts,
                [](const model::SnapshotAccount& a) -> const std::string& { return a.name; });
    sort_unique(out.users, [](const model::SnapshotUser& u) { return u.uid; });
    for (auto& account : out.accounts) {
        cut(account.text, wire::kMaxText);
        cut(account.contact, wire::kMaxName);
        for (auto& phase : account.later) {
            cut(phase.text, wire::kMaxText);
            cut(phase.contact, wire::kMaxName);
        }
    }
    return out;
}

} // namespace

SnapshotStore::SnapshotStore(std::chrono::sys_time<std::chrono::microseconds> started)
    : held_(Held{{}, first_sequence(started), 0}) {}

bool SnapshotStore::put(const model::Snapshot& snapshot) {
    // The usual case costs one comparison.
    if (const SnapshotPtr before = newest(snapshot.cluster);
        before && before->same_content(snapshot))
        return false;
    auto fresh = std::make_shared<model::Snapshot>(sorted(snapshot));
    auto held = held_.lock();
    SnapshotPtr& edition = held->editions[lower(snapshot.cluster)];
    if (edition && edition->same_content(*fresh))
        return false;
    fresh->sequence = ++held->sequence;
    held->newest = fresh->sequence;
    edition = std::move(fresh);
    return true;
}

std::map<std::string, std::uint64_t> SnapshotStore::sequences() const {
    std::map<std::string, std::uint64_t> all;
    auto held = held_.lock();
    for (const auto& [cluster, edition] : held->editions)
        all.emplace(cluster, edition->sequence);
    return all;
}

SnapshotPtr SnapshotStore::newest(const std::string& cluster) const {
    auto held = held_.lock();
    const auto found = held->editions.find(lower(cluster));
    return found == held->editions.end() ? nullptr : found->second;
}

std::uint64_t SnapshotStore::newest_sequence() const {
    return held_.lock()->newest;
}

Result<std::shared_ptr<const std::string>> SnapshotEncoder::image(const SnapshotPtr& edition) {
    if (image_of_ != edition) {
        auto bytes = wire::encode_image(*edition);
        if (!bytes)
            return std::move(bytes).error();
        image_ = std::make_shared<const std::string>(std::move(*bytes));
        image_of_ = edition;
    }
    return image_;
}

std::shared_ptr<const wire::Delta> SnapshotEncoder::delta(const SnapshotPtr& from,
                                                          const SnapshotPtr& to) {
    if (delta_from_ == from && delta_to_ == to)
        return delta_;
    delta_from_ = from;
    delta_to_ = to;
    auto delta = std::make_shared<const wire::Delta>(wire::difference(*from, *to));
    const auto bytes = wire::encode_delta(*delta);
    delta_ = bytes && bytes->size() <= wire::kPartBytes ? std::move(delta) : nullptr;
    return delta_;
}

} // namespace sluice::plugin_server
