// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/image.hpp"

#include "common/wire/bytes.hpp"

#include <algorithm>
#include <iterator>

namespace sluice::wire {
namespace {

using model::Snapshot;
using model::SnapshotAccount;
using model::SnapshotUser;

constexpr std::uint8_t kHasPercent = 1;
constexpr std::uint8_t kHasUntil = 2;
// Shortest records: name length, standing, flags, text length; uid, default length, count.
constexpr std::size_t kLeastAccount = 2 + 1 + 1 + 2;
constexpr std::size_t kLeastUser = 4 + 2 + 4;
constexpr std::size_t kLeastName = 2;

void put(Writer& out, const SnapshotAccount& account) {
    out.text(account.name, kMaxName);
    out.u8(static_cast<std::uint8_t>(account.standing));
    out.u8(static_cast<std::uint8_t>((account.percent ? kHasPercent : 0) |
                                     (account.until ? kHasUntil : 0)));
    if (account.percent)
        out.i64(*account.percent);
    if (account.until)
        out.i64(epoch(*account.until));
    out.text(account.text, kMaxText);
}

void put(Writer& out, const SnapshotUser& user) {
    out.u32(user.uid);
    out.text(user.default_account, kMaxName);
    out.count(user.accounts.size());
    for (const auto& name : user.accounts)
        out.text(name, kMaxName);
}

template <class Record>
void put_all(Writer& out, const std::vector<Record>& records) {
    out.count(records.size());
    for (const auto& record : records)
        put(out, record);
}

// Seconds far outside of any calendar would overflow later arithmetic.
Instant get_instant(Reader& in) {
    constexpr std::int64_t kFar = std::int64_t{1} << 40; // the year 36812
    const std::int64_t seconds = in.i64();
    if (seconds < -kFar || seconds > kFar) {
        in.fail();
        return {};
    }
    return instant(seconds);
}

SnapshotAccount get_account(Reader& in) {
    SnapshotAccount account;
    account.name = in.text(kMaxName);
    const std::uint8_t standing = in.u8();
    const std::uint8_t flags = in.u8();
    if (standing > static_cast<std::uint8_t>(model::Standing::paused) ||
        (flags & ~(kHasPercent | kHasUntil)) != 0)
        in.fail();
    else
        account.standing = static_cast<model::Standing>(standing);
    if ((flags & kHasPercent) != 0)
        account.percent = in.i64();
    if ((flags & kHasUntil) != 0)
        account.until = get_instant(in);
    account.text = in.text(kMaxText);
    return account;
}

SnapshotUser get_user(Reader& in) {
    SnapshotUser user;
    user.uid = in.u32();
    user.default_account = in.text(kMaxName);
    const std::size_t names = in.count(kLeastName);
    user.accounts.reserve(names);
    for (std::size_t i = 0; i < names && in.ok(); ++i)
        user.accounts.emplace_back(in.text(kMaxName));
    return user;
}

const std::string& key(const SnapshotAccount& account) {
    return account.name;
}
std::uint32_t key(const SnapshotUser& user) {
    return user.uid;
}
const std::string& key(const std::string& name) {
    return name;
}
std::uint32_t key(std::uint32_t uid) {
    return uid;
}

// Merging and lookup rely on the order, so what is out of order is refused here.
template <class Record, class Get>
std::vector<Record> get_all(Reader& in, std::size_t least, Get get) {
    std::vector<Record> records;
    const std::size_t count = in.count(least);
    records.reserve(count);
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        records.push_back(get(in));
        if (i > 0 && !(key(records[i - 1]) < key(records[i])))
            in.fail();
    }
    return records;
}

std::vector<SnapshotAccount> get_accounts(Reader& in) {
    return get_all<SnapshotAccount>(in, kLeastAccount, get_account);
}
std::vector<SnapshotUser> get_users(Reader& in) {
    return get_all<SnapshotUser>(in, kLeastUser, get_user);
}

Result<std::string> taken(Writer&& out) {
    if (out.overflow() || out.size() > kMaxImage)
        return Error{Errc::overflow, "wire: a name or text of the snapshot is too long"};
    return out.take();
}

template <class Record, class Key>
void diff(const std::vector<Record>& from, const std::vector<Record>& to,
          std::vector<Record>& changed, std::vector<Key>& removed) {
    auto a = from.begin();
    auto b = to.begin();
    while (a != from.end() || b != to.end()) {
        if (b == to.end() || (a != from.end() && key(*a) < key(*b))) {
            removed.push_back(key(*a++));
        } else if (a == from.end() || key(*b) < key(*a)) {
            changed.push_back(*b++);
        } else {
            if (!(*a == *b))
                changed.push_back(*b);
            ++a;
            ++b;
        }
    }
}

template <class Record, class Key>
void merge(std::vector<Record>& records, const std::vector<Record>& changed,
           const std::vector<Key>& removed) {
    std::vector<Record> merged;
    merged.reserve(records.size() + changed.size());
    auto next = changed.begin();
    auto gone = removed.begin();
    for (auto& record : records) {
        for (; next != changed.end() && key(*next) < key(record); ++next)
            merged.push_back(*next);
        while (gone != removed.end() && key(*gone) < key(record))
            ++gone;
        if (next != changed.end() && key(*next) == key(record))
            merged.push_back(*next++);
        else if (gone == removed.end() || key(record) < key(*gone))
            merged.push_back(std::move(record));
    }
    merged.insert(merged.end(), next, changed.end());
    records = std::move(merged);
}

} // namespace

Result<std::string> encode_image(const Snapshot& snapshot) {
    Writer out;
    out.text(snapshot.cluster, kMaxName);
    out.u64(snapshot.sequence);
    out.i64(epoch(snapshot.made));
    put_all(out, snapshot.accounts);
    put_all(out, snapshot.users);
    return taken(std::move(out));
}

Result<Snapshot> decode_image(std::string_view bytes) {
    Reader in(bytes);
    Snapshot snapshot;
    snapshot.cluster = in.text(kMaxName);
    snapshot.sequence = in.u64();
    snapshot.made = get_instant(in);
    snapshot.accounts = get_accounts(in);
    snapshot.users = get_users(in);
    if (!in.done())
        return Error{Errc::malformed, "wire: snapshot"};
    return snapshot;
}

Result<std::string> encode_delta(const Delta& delta) {
    Writer out;
    out.u64(delta.base);
    out.u64(delta.sequence);
    out.i64(epoch(delta.made));
    put_all(out, delta.accounts);
    out.count(delta.removed_accounts.size());
    for (const auto& name : delta.removed_accounts)
        out.text(name, kMaxName);
    put_all(out, delta.users);
    out.count(delta.removed_users.size());
    for (const auto uid : delta.removed_users)
        out.u32(uid);
    return taken(std::move(out));
}

Result<Delta> decode_delta(std::string_view bytes) {
    Reader in(bytes);
    Delta delta;
    delta.base = in.u64();
    delta.sequence = in.u64();
    delta.made = get_instant(in);
    delta.accounts = get_accounts(in);
    delta.removed_accounts = get_all<std::string>(
        in, kLeastName, [](Reader& from) { return std::string(from.text(kMaxName)); });
    delta.users = get_users(in);
    delta.removed_users =
        get_all<std::uint32_t>(in, sizeof(std::uint32_t), [](Reader& from) { return from.u32(); });
    if (!in.done())
        return Error{Errc::malformed, "wire: delta"};
    return delta;
}

Delta difference(const Snapshot& from, const Snapshot& to) {
    Delta delta;
    delta.base = from.sequence;
    delta.sequence = to.sequence;
    delta.made = to.made;
    diff(from.accounts, to.accounts, delta.accounts, delta.removed_accounts);
    diff(from.users, to.users, delta.users, delta.removed_users);
    return delta;
}

Result<void> apply(const Delta& delta, Snapshot& snapshot) {
    if (delta.base != snapshot.sequence || delta.sequence <= delta.base)
        return Error{Errc::conflict, "wire: delta for another snapshot"};
    merge(snapshot.accounts, delta.accounts, delta.removed_accounts);
    merge(snapshot.users, delta.users, delta.removed_users);
    snapshot.sequence = delta.sequence;
    snapshot.made = delta.made;
    return {};
}

} // namespace sluice::wire
