// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/image.hpp"

#include "common/wire/bytes.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <type_traits>

namespace sluice::wire {
namespace {

using model::Snapshot;
using model::SnapshotAccount;
using model::SnapshotUser;

constexpr std::uint8_t kHasPercent = 1;
constexpr std::uint8_t kHasLater = 2;
constexpr std::uint8_t kHasBudgets = 4;
constexpr std::uint8_t kIsBounded = 8;
constexpr std::uint8_t kWaits = 16;
constexpr std::uint8_t kIsDefault = 1;
constexpr std::uint8_t kWholeNodes = 2;
constexpr std::uint8_t kHasMinutes = 4;

const std::string& key(const SnapshotAccount& account) {
    return account.name;
}
std::uint32_t key(const SnapshotUser& user) {
    return user.uid;
}
const std::string& key(const model::QosFactor& factor) {
    return factor.qos;
}
auto key(const model::DefaultFactor& factor) {
    return std::tie(factor.account, factor.uid, factor.partition);
}
Instant key(const model::SnapshotPhase& phase) {
    return phase.from;
}
const std::string& key(const std::string& name) {
    return name;
}
std::uint32_t key(std::uint32_t uid) {
    return uid;
}

// The fields of each record, read or written.
template <class Io>
class Codec {
public:
    template <class Record>
    using Ref = Of<Io, Record>&;

    explicit Codec(Io& io) : io_(io) {}

    void fields(Ref<Snapshot> snapshot) {
        io_.field(snapshot.cluster, kMaxName);
        io_.field(snapshot.sequence);
        io_.field(snapshot.made);
        sorted_list(snapshot.accounts);
        sorted_list(snapshot.users);
        rules(snapshot);
    }
    void fields(Ref<Delta> delta) {
        io_.field(delta.base);
        io_.field(delta.sequence);
        io_.field(delta.made);
        sorted_list(delta.accounts);
        sorted_list(delta.removed_accounts);
        sorted_list(delta.users);
        sorted_list(delta.removed_users);
        rules(delta);
    }

private:
    void fields(Ref<std::string> name) { io_.field(name, kMaxName); }
    void fields(Ref<std::uint32_t> uid) { io_.field(uid); }
    void fields(Ref<SnapshotUser> user) {
        io_.field(user.uid);
        io_.field(user.default_account, kMaxName);
        list(user.accounts);
    }
    void fields(Ref<SnapshotAccount> account) {
        std::uint8_t flags = static_cast<std::uint8_t>(
            (account.percent ? kHasPercent : 0) | (account.later.empty() ? 0 : kHasLater) |
            (account.check != model::BudgetCheck::off ? kHasBudgets : 0) |
            (account.waits ? kWaits : 0) | (account.bounded_by.empty() ? 0 : kIsBounded));
        io_.field(account.name, kMaxName);
        enumerator(account.standing, model::Standing::paused);
        io_.field(flags);
        require((flags & ~(kHasPercent | kHasLater | kHasBudgets | kIsBounded | kWaits)) == 0);
        if ((flags & kHasPercent) != 0)
            present(account.percent);
        io_.field(account.text, kMaxText);
        io_.field(account.contact, kMaxName);
        if ((flags & kHasLater) != 0) {
            sorted_list(account.later); // the plugin searches them from the end
            require(!account.later.empty());
        }
        if ((flags & kHasBudgets) != 0) {
            enumerator(account.check, model::BudgetCheck::refuse);
            require(account.check != model::BudgetCheck::off);
            list(account.budgets);
        }
        require((flags & kWaits) == 0 || (flags & kHasBudgets) != 0);
        if constexpr (Io::kReads)
            account.waits = (flags & kWaits) != 0;
        if ((flags & kIsBounded) != 0) {
            io_.field(account.bounded_by, kMaxName);
            require(!account.bounded_by.empty());
        }
    }
    void fields(Ref<model::SnapshotPhase> phase) {
        io_.field(phase.from);
        enumerator(phase.standing, model::Standing::paused);
        io_.field(phase.text, kMaxText);
        io_.field(phase.contact, kMaxName);
    }
    void fields(Ref<model::Budget> budget) {
        io_.field(budget.measure);
        io_.field(budget.left);
        require(budget.left >= 0);
    }
    void fields(Ref<model::Measure> measure) {
        io_.field(measure.name, kMaxName);
        io_.field(measure.per_unit);
        require(measure.per_unit >= 1);
        list(measure.terms);
    }
    void fields(Ref<model::MeasureTerm> term) {
        io_.field(term.tres, kMaxName);
        io_.field(term.weight);
        require(term.weight >= 1);
    }
    void fields(Ref<model::QosFactor> factor) {
        io_.field(factor.qos, kMaxName);
        io_.field(factor.millionths);
        require(factor.millionths >= 0);
    }
    void fields(Ref<model::DefaultFactor> factor) {
        io_.field(factor.account, kMaxName);
        io_.field(factor.uid);
        io_.field(factor.partition, kMaxName);
        io_.field(factor.millionths);
        require(factor.millionths >= 0);
    }
    void fields(Ref<model::Partition> partition) {
        std::uint8_t flags = static_cast<std::uint8_t>((partition.is_default ? kIsDefault : 0) |
                                                       (partition.whole_nodes ? kWholeNodes : 0) |
                                                       (partition.minutes ? kHasMinutes : 0));
        std::uint32_t minutes = partition.minutes.value_or(0);
        io_.field(partition.name, kMaxName);
        io_.field(flags);
        io_.field(minutes);
        require((flags & ~(kIsDefault | kWholeNodes | kHasMinutes)) == 0);
        require((flags & kHasMinutes) != 0 || minutes == 0);
        if constexpr (Io::kReads) {
            partition.is_default = (flags & kIsDefault) != 0;
            partition.whole_nodes = (flags & kWholeNodes) != 0;
            if ((flags & kHasMinutes) != 0)
                partition.minutes = minutes;
        }
        amounts(partition.least_node);
    }
    void amounts(Ref<std::map<std::string, std::int64_t>> amounts) {
        if constexpr (Io::kReads) {
            for (std::size_t count = io_.count(); count > 0 && io_.ok(); --count) {
                const std::string tres(io_.text(kMaxName));
                const std::int64_t amount = io_.i64();
                require(amount >= 0 && (amounts.empty() || amounts.rbegin()->first < tres));
                amounts.emplace(tres, amount);
            }
        } else {
            io_.count(amounts.size());
            for (const auto& [tres, amount] : amounts) {
                io_.field(tres, kMaxName);
                io_.field(amount);
            }
        }
    }
    // The end of a snapshot or delta.
    template <class Holder>
    void rules(Holder& holder) {
        list(holder.measures);
        sorted_list(holder.factors);
        sorted_list(holder.default_factors);
        list(holder.partitions);
        for (const auto& account : holder.accounts)
            for (const auto& budget : account.budgets)
                require(budget.measure < holder.measures.size());
    }

    template <class Records>
    void list(Records& records) {
        if constexpr (Io::kReads) {
            std::size_t count = io_.count();
            records.reserve(std::min(count, io_.left() / 8)); // most records are larger
            for (; count > 0 && io_.ok(); --count)
                fields(records.emplace_back());
        } else {
            io_.count(records.size());
            for (const auto& record : records)
                fields(record);
        }
    }
    // Merging and lookup rely on the order, so what is out of order is refused here.
    template <class Records>
    void sorted_list(Records& records) {
        list(records);
        for (std::size_t i = 1; Io::kReads && i < records.size(); ++i)
            require(key(records[i - 1]) < key(records[i]));
    }
    template <class Value>
    void enumerator(Value& value, std::remove_const_t<Value> last) {
        auto number = static_cast<std::uint8_t>(value);
        io_.field(number);
        require(number <= static_cast<std::uint8_t>(last));
        if constexpr (Io::kReads)
            value = static_cast<Value>(io_.ok() ? number : 0);
    }
    template <class Optional>
    void present(Optional& value) {
        if constexpr (Io::kReads)
            value.emplace();
        io_.field(*value);
    }
    void require(bool condition) {
        if constexpr (Io::kReads)
            if (!condition)
                io_.fail();
    }

    Io& io_;
};

template <class Record>
Result<std::string> encoded(const Record& record) {
    Writer out;
    Codec<Writer>(out).fields(record);
    if (out.overflow() || out.size() > kMaxImage)
        return Error{Errc::overflow, "wire: a name or text of the snapshot is too long"};
    return out.take();
}

template <class Record>
Result<Record> decoded(std::string_view bytes, const char* what) {
    Reader in(bytes);
    Record record;
    Codec<Reader>(in).fields(record);
    if (!in.done())
        return Error{Errc::malformed, what};
    return record;
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
    return encoded(snapshot);
}

Result<Snapshot> decode_image(std::string_view bytes) {
    return decoded<Snapshot>(bytes, "wire: snapshot");
}

Result<std::string> encode_delta(const Delta& delta) {
    return encoded(delta);
}

Result<Delta> decode_delta(std::string_view bytes) {
    return decoded<Delta>(bytes, "wire: delta");
}

Delta difference(const Snapshot& from, const Snapshot& to) {
    Delta delta;
    delta.base = from.sequence;
    delta.sequence = to.sequence;
    delta.made = to.made;
    diff(from.accounts, to.accounts, delta.accounts, delta.removed_accounts);
    diff(from.users, to.users, delta.users, delta.removed_users);
    delta.measures = to.measures;
    delta.factors = to.factors;
    delta.default_factors = to.default_factors;
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
    snapshot.factors = delta.factors;
    snapshot.default_factors = delta.default_factors;
    snapshot.partitions = delta.partitions;
    return {};
}

} // namespace sluice::wire
