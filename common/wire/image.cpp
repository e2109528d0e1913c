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
constexpr std::uint8_t kHasLater = 2;
constexpr std::uint8_t kHasBudgets = 4;
constexpr std::uint8_t kIsBounded = 8;
// Shortest records, with the lengths of empty texts.
constexpr std::size_t kLeastAccount = 2 + 1 + 1 + 2 + 2;
constexpr std::size_t kLeastPhase = 8 + 1 + 2 + 2;
constexpr std::size_t kLeastUser = 4 + 2 + 4;
constexpr std::size_t kLeastName = 2;
constexpr std::size_t kLeastBudget = 4 + 8;
constexpr std::size_t kLeastMeasure = 2 + 8 + 4;
constexpr std::size_t kLeastAmount = 2 + 8; // of a term, or of what a node has
constexpr std::size_t kLeastPartition = 2 + 1 + 4 + 4;
constexpr std::uint8_t kIsDefault = 1;
constexpr std::uint8_t kWholeNodes = 2;
constexpr std::uint8_t kHasMinutes = 4;

void put(Writer& out, const model::Budget& budget) {
    out.u32(budget.measure);
    out.i64(budget.left);
}

void put(Writer& out, const std::string& name, std::int64_t amount) {
    out.text(name, kMaxName);
    out.i64(amount);
}

void put(Writer& out, const model::Measure& measure) {
    out.text(measure.name, kMaxName);
    out.i64(measure.per_unit);
    out.count(measure.terms.size());
    for (const auto& term : measure.terms)
        put(out, term.tres, term.weight);
}

void put(Writer& out, const model::Partition& partition) {
    out.text(partition.name, kMaxName);
    out.u8(static_cast<std::uint8_t>((partition.is_default ? kIsDefault : 0) |
                                     (partition.whole_nodes ? kWholeNodes : 0) |
                                     (partition.minutes ? kHasMinutes : 0)));
    out.u32(partition.minutes.value_or(0));
    out.count(partition.least_node.size());
    for (const auto& [tres, amount] : partition.least_node)
        put(out, tres, amount);
}

void put(Writer& out, const std::vector<model::SnapshotPhase>& phases) {
    out.count(phases.size());
    for (const auto& phase : phases) {
        out.i64(epoch(phase.from));
        out.u8(static_cast<std::uint8_t>(phase.standing));
        out.text(phase.text, kMaxText);
        out.text(phase.contact, kMaxName);
    }
}

void put(Writer& out, const SnapshotAccount& account) {
    const bool budgets = account.check != model::BudgetCheck::off;
    const bool bounded = !account.bounded_by.empty();
    out.text(account.name, kMaxName);
    out.u8(static_cast<std::uint8_t>(account.standing));
    out.u8(static_cast<std::uint8_t>((account.percent ? kHasPercent : 0) |
                                     (account.later.empty() ? 0 : kHasLater) |
                                     (budgets ? kHasBudgets : 0) | (bounded ? kIsBounded : 0)));
    if (account.percent)
        out.i64(*account.percent);
    out.text(account.text, kMaxText);
    out.text(account.contact, kMaxName);
    if (!account.later.empty())
        put(out, account.later);
    if (budgets) {
        out.u8(static_cast<std::uint8_t>(account.check));
        out.count(account.budgets.size());
        for (const auto& budget : account.budgets)
            put(out, budget);
    }
    if (bounded)
        out.text(account.bounded_by, kMaxName);
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

// The end of an image or delta.
template <class Holder>
void put_rules(Writer& out, const Holder& from) {
    out.count(from.measures.size());
    for (const auto& measure : from.measures)
        put(out, measure);
    out.count(from.partitions.size());
    for (const auto& partition : from.partitions)
        put(out, partition);
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

std::int64_t get_positive(Reader& in, std::int64_t least) {
    const std::int64_t value = in.i64();
    if (value >= least)
        return value;
    in.fail();
    return least;
}

// Indices are held against the measures once these have been read.
void get_budgets(Reader& in, SnapshotAccount& account) {
    const std::uint8_t check = in.u8();
    if (check == 0 || check > static_cast<std::uint8_t>(model::BudgetCheck::refuse))
        in.fail();
    else
        account.check = static_cast<model::BudgetCheck>(check);
    const std::size_t count = in.count(kLeastBudget);
    account.budgets.reserve(count);
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        const std::uint32_t measure = in.u32();
        account.budgets.push_back({measure, get_positive(in, 0)});
    }
}

model::Measure get_measure(Reader& in) {
    model::Measure measure;
    measure.name = in.text(kMaxName);
    measure.per_unit = get_positive(in, 1);
    const std::size_t count = in.count(kLeastAmount);
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        std::string tres(in.text(kMaxName));
        measure.terms.push_back({std::move(tres), get_positive(in, 1)});
    }
    return measure;
}

model::Partition get_partition(Reader& in) {
    model::Partition partition;
    partition.name = in.text(kMaxName);
    const std::uint8_t flags = in.u8();
    const std::uint32_t minutes = in.u32();
    if ((flags & ~(kIsDefault | kWholeNodes | kHasMinutes)) != 0)
        in.fail();
    partition.is_default = (flags & kIsDefault) != 0;
    partition.whole_nodes = (flags & kWholeNodes) != 0;
    if ((flags & kHasMinutes) != 0)
        partition.minutes = minutes;
    const std::size_t count = in.count(kLeastAmount);
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        std::string tres(in.text(kMaxName));
        partition.least_node[std::move(tres)] = get_positive(in, 0);
    }
    return partition;
}

// Into a snapshot or delta whose accounts are read.
template <class Holder>
void get_rules(Reader& in, Holder& to) {
    const std::size_t measures = in.count(kLeastMeasure);
    for (std::size_t i = 0; i < measures && in.ok(); ++i)
        to.measures.push_back(get_measure(in));
    const std::size_t partitions = in.count(kLeastPartition);
    for (std::size_t i = 0; i < partitions && in.ok(); ++i)
        to.partitions.push_back(get_partition(in));
    for (const auto& account : to.accounts)
        for (const auto& budget : account.budgets)
            if (budget.measure >= to.measures.size())
                in.fail();
}

model::Standing get_standing(Reader& in) {
    const std::uint8_t standing = in.u8();
    if (standing <= static_cast<std::uint8_t>(model::Standing::paused))
        return static_cast<model::Standing>(standing);
    in.fail();
    return model::Standing::paused;
}

// The plugin searches them from the end, so what is out of order is refused here.
void get_later(Reader& in, SnapshotAccount& account) {
    const std::size_t count = in.count(kLeastPhase);
    if (count == 0)
        in.fail();
    account.later.reserve(count);
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        const Instant from = get_instant(in);
        const model::Standing standing = get_standing(in);
        if (i > 0 && from <= account.later.back().from)
            in.fail();
        std::string text(in.text(kMaxText));
        account.later.push_back({from, standing, std::move(text), std::string(in.text(kMaxName))});
    }
}

SnapshotAccount get_account(Reader& in) {
    constexpr int kKnown = kHasPercent | kHasLater | kHasBudgets | kIsBounded;
    SnapshotAccount account;
    account.name = in.text(kMaxName);
    account.standing = get_standing(in);
    const std::uint8_t flags = in.u8();
    if ((flags & ~kKnown) != 0)
        in.fail();
    if ((flags & kHasPercent) != 0)
        account.percent = in.i64();
    account.text = in.text(kMaxText);
    account.contact = in.text(kMaxName);
    if ((flags & kHasLater) != 0)
        get_later(in, account);
    if ((flags & kHasBudgets) != 0)
        get_budgets(in, account);
    if ((flags & kIsBounded) != 0)
        account.bounded_by = in.text(kMaxName);
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
    put_rules(out, snapshot);
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
    get_rules(in, snapshot);
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
    put_rules(out, delta);
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
    get_rules(in, delta);
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
    delta.measures = to.measures;
    delta.partitions = to.partitions;
    return delta;
}

Result<void> apply(const Delta& delta, Snapshot& snapshot) {
    if (delta.base != snapshot.sequence || delta.sequence <= delta.base)
        return Error{Errc::conflict, "wire: delta for another snapshot"};
    merge(snapshot.accounts, delta.accounts, delta.removed_accounts);
    merge(snapshot.users, delta.users, delta.removed_users);
    snapshot.sequence = delta.sequence;
    snapshot.made = delta.made;
    snapshot.measures = delta.measures;
    snapshot.partitions = delta.partitions;
    return {};
}

} // namespace sluice::wire
