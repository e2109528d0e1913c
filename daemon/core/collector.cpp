// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/collector.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/model/account_tree.hpp"
#include "common/policy/evaluate/life.hpp"
#include "common/policy/evaluate/subjects.hpp"
#include "common/policy/periods.hpp"
#include "daemon/core/policy_text.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::core {
namespace {

// Whose usage is needed: only of accounts that are evaluated. `root` above all would be a question
// about the whole tree.
std::set<std::string> accounts_of(const Rules& rules, const model::Facts& facts) {
    const auto& structure = facts.structure;
    const model::AccountTree tree{structure};
    std::set<std::string> names;
    for (const auto& [account, memory] : facts.history.accounts)
        if (model::may_be_held(memory) && tree.account(account) != nullptr)
            names.insert(account);
    for (const auto& subject : policy::subjects(rules.set, tree))
        names.insert(subject.account);
    for (const auto& association : structure.associations)
        if (association.user.empty() && rules.monthly.contains(association.account))
            names.insert(association.account);
    return names;
}

// Also by the last rules of a held account.
bool checks_budgets(const Rules& rules, const model::Facts& facts) {
    const auto checks = [](const model::PolicySet& set) {
        return std::any_of(set.policies.begin(), set.policies.end(), [](const auto& policy) {
            return policy.check() != model::BudgetCheck::off;
        });
    };
    return checks(rules.set) || std::any_of(facts.earlier.begin(), facts.earlier.end(),
                                            [&](const auto& one) { return checks(*one.second); });
}

// Waldur counts by calendar months, whatever the policies count by.
std::vector<Window> windows_of(const Rules& rules, const model::Facts& facts) {
    auto periods = policy::rules_of(rules.set, facts);
    if (!rules.monthly.empty())
        periods.push_back({model::PeriodKind::month, 0, {}});
    return policy::windows(
        periods, rules.zone, facts.now,
        policy::life_windows(rules.set, facts.history, periods, rules.zone, facts.now));
}

model::QosDifferences common(const model::QosDifferences& a, const model::QosDifferences& b) {
    model::QosDifferences both;
    for (const auto& [account, names] : a)
        if (const auto found = b.find(account); found != b.end())
            for (const auto& name : names)
                if (found->second.contains(name))
                    both[account].insert(name);
    return both;
}

bool has_more(const model::QosDifferences& now, const model::QosDifferences& seen) {
    for (const auto& [account, names] : now) {
        const auto found = seen.find(account);
        for (const auto& name : names)
            if (found == seen.end() || !found->second.contains(name))
                return true;
    }
    return false;
}

} // namespace

Result<model::Facts> Collector::collect(const Rules& rules, Instant now,
                                        const std::set<std::string>& by_user) {
    if (cluster_ != rules.cluster) {
        good_usage_.clear();
        uids_.clear();
        default_accounts_.clear();
        partitions_.clear();
        differences_.clear();
        partitions_at_ = {};
        earlier_.clear();
        cluster_ = rules.cluster;
    }
    failed_.clear();
    model::Facts facts;
    facts.now = now;
    auto history = journal_.history(rules.cluster, now);
    if (!history) {
        sources_.down(kJournal, history.error(), now);
        return std::move(history).error();
    }
    facts.history = std::move(*history);
    facts.policies.text = policy_text(rules.set);
    facts.policies.version = fingerprint(facts.policies.text);
    add_earlier(facts);

    auto structure = accounting_.structure(rules.cluster);
    if (!structure) {
        sources_.down(source_of(structure.error(), kSlurmdbd), structure.error(), now);
        return std::move(structure).error();
    }
    facts.structure = std::move(*structure);
    if (auto read = add_raw_usage(rules, facts); !read)
        return std::move(read).error();
    add_partitions(rules, facts);
    add_jobs(rules, facts);
    auto added = add_usage(rules, by_user, facts);
    settle(now);
    if (!added)
        return std::move(added).error();
    return facts;
}

// Read once for each version. A text that cannot be read leaves its held accounts unevaluated: they
// keep their standing.
void Collector::add_earlier(model::Facts& facts) {
    const auto& texts = facts.history.policy_texts;
    std::erase_if(earlier_, [&](const auto& one) { return !texts.contains(one.first); });
    for (const auto& [version, text] : texts) {
        if (earlier_.contains(version))
            continue;
        auto set = parse_policy_text(text);
        if (!set)
            log::event(log::Level::error, "SLUICE-0425", "earlier-rules-unreadable",
                       {{"cluster", cluster_}, {"error", set.error().context}});
        earlier_.emplace(version,
                         set ? std::make_shared<const model::PolicySet>(std::move(*set)) : nullptr);
    }
    for (const auto& [version, set] : earlier_)
        if (set != nullptr)
            facts.earlier.emplace(version, set);
}

void Collector::note(const Error& error, std::string_view otherwise) {
    failed_.emplace(source_of(error, otherwise), error);
}

// Two calls may need one source: the source is up when neither failed for it.
void Collector::settle(Instant now) {
    for (const char* source : {kSlurmdbd, kSlurmctld, kMunge})
        if (const auto failure = failed_.find(source); failure != failed_.end())
            sources_.down(source, failure->second, now);
        else
            sources_.up(source, now);
}

Result<void> Collector::add_usage(const Rules& rules, const std::set<std::string>& by_user,
                                  model::Facts& facts) {
    const ports::UsageQuestion question{
        windows_of(rules, facts), facts.now, accounts_of(rules, facts), by_user, rules.set.counting,
        rules.interval / 4,       progress_};
    auto usage = accounting_.usage(facts.structure, question);
    if (usage) {
        facts.usage = std::move(*usage);
        good_usage_ = facts.usage;
        good_at_ = facts.now;
        facts.weekly = accounting_.weekly(facts.structure, question.accounts);
        return {};
    }
    note(usage.error(), kSlurmdbd);
    if (stand_in(question.windows, facts))
        return {};
    return std::move(usage).error();
}

// Windows of the current period end at `now`: the last cycle's window replaces this one's when both
// begin together. A window that was never read is left out, and its accounts are not evaluated.
bool Collector::stand_in(const std::vector<Window>& windows, model::Facts& facts) const {
    for (const auto& window : windows) {
        const auto found =
            std::find_if(good_usage_.begin(), good_usage_.end(),
                         [&](const auto& good) { return good.window.begin == window.begin; });
        if (found != good_usage_.end())
            facts.usage.push_back({window, found->settled_until, found->accounts});
    }
    // At least one second: 0 would call the figures fresh.
    facts.usage_age = std::max<std::int64_t>(1, epoch(facts.now) - epoch(good_at_));
    return !facts.usage.empty();
}

// While slurmctld is away, its last answer: partitions change rarely. For quotes alone an answer
// that is ten minutes old will do: it has all nodes of the cluster.
void Collector::add_partitions(const Rules& rules, model::Facts& facts) {
    constexpr auto kForQuotes = std::chrono::minutes{10};
    const bool due = checks_budgets(rules, facts) || facts.now < partitions_at_ ||
                     facts.now >= partitions_at_ + kForQuotes;
    if (due) {
        if (auto partitions = accounting_.partitions(rules.cluster)) {
            partitions_ = std::move(*partitions);
            partitions_at_ = facts.now;
        } else {
            note(partitions.error(), kSlurmctld);
        }
    }
    facts.structure.partitions = partitions_;
}

// A slurmctld that did not answer a moment ago is not asked again.
void Collector::add_jobs(const Rules& rules, model::Facts& facts) {
    if (!facts.raw_usage_known)
        return;
    auto jobs = accounting_.jobs(rules.cluster);
    if (!jobs)
        return note(jobs.error(), kSlurmctld);
    facts.jobs = std::move(*jobs);
    facts.jobs_known = true;
    for (auto& job : facts.jobs)
        if (!job.minutes && !job.partition.empty())
            for (const auto& partition : facts.structure.partitions)
                if (partition.name == job.partition)
                    job.minutes = partition.minutes;
}

// Fails only where the structure has to be read again and cannot be.
Result<void> Collector::add_raw_usage(const Rules& rules, model::Facts& facts) {
    auto raw = accounting_.raw_usage(rules.cluster);
    auto seen = differences_;
    // A person may have changed a list between the answers of slurmdbd and slurmctld: sent again,
    // the older one would undo that. So a new difference is read twice. Of another structure the
    // differences are none.
    for (int read = 1; read <= 2 && raw; ++read) {
        if (raw->structure_is_old ? read == 2 : !has_more(raw->qos_differences, seen))
            break;
        if (!raw->structure_is_old)
            seen = std::move(raw->qos_differences);
        auto structure = accounting_.structure(rules.cluster);
        if (!structure) {
            sources_.down(source_of(structure.error(), kSlurmdbd), structure.error(), facts.now);
            return std::move(structure).error();
        }
        facts.structure = std::move(*structure);
        raw = accounting_.raw_usage(rules.cluster);
    }
    differences_ = raw && !raw->structure_is_old ? common(seen, raw->qos_differences)
                                                 : model::QosDifferences{};
    if (raw) {
        facts.raw_usage = std::move(raw->accounts);
        facts.raw_usage_known = true;
        facts.qos_differences = differences_;
        uids_ = std::move(raw->uids);
        roles_ = std::make_shared<const ports::Roles>(
            ports::Roles{std::move(raw->roles), std::chrono::steady_clock::now()});
        default_accounts_ = std::move(raw->default_accounts);
    } else {
        note(raw.error(), kSlurmctld);
    }
    // The plugin sees users as slurmctld does; slurmdbd knows no uids.
    for (auto& user : facts.structure.users) {
        if (const auto uid = uids_.find(user.name); uid != uids_.end())
            user.uid = uid->second;
        if (const auto account = default_accounts_.find(user.name);
            account != default_accounts_.end())
            user.default_account = account->second;
    }
    return {};
}

} // namespace sluice::core
