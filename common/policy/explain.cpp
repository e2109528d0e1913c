// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/explain.hpp"

#include "common/base/text.hpp"
#include "common/format/cause.hpp"
#include "common/format/numbers.hpp"

#include <algorithm>
#include <map>

namespace sluice::policy {

using model::AccountDecision;
using model::CarryoverModel;
using model::CauseKind;
using model::Figure;

namespace {

class Explanation {
public:
    Explanation(const model::PolicySet& set, const Zone& zone, const AccountDecision& decision,
                const AccountDecision& source, const std::set<std::string>& below)
        : zone_(zone), decision_(decision), source_(source), below_(below),
          policy_(decision.policies.empty() || decision.held()
                      ? nullptr
                      : set.policy(decision.policies.front())) {}

    std::vector<std::string> lines(const model::Plan& plan) {
        subject();
        if (decision_.fault != model::Fault::rules || decision_.by_last_rules())
            period();
        if (!decision_.error.empty() && !decision_.by_last_rules()) {
            held_or_not();
            return std::move(lines_);
        }
        if (decision_.held())
            add("The account is held: " + decision_.error +
                ". Until the change of rules is confirmed, the rules of its last evaluation "
                "count.");
        life();
        if (!decision_.closed()) {
            clusters();
            for (const Figure& figure : decision_.figures)
                component(figure);
        }
        below();
        if (!decision_.closed()) {
            metric();
            thresholds();
            grace_days();
        }
        standing_and_cause();
        if (decision_.held())
            release_line();
        waiting_jobs();
        if (const auto n = decision_.unlimited; n > 0)
            add(std::to_string(n) + (n == 1 ? " queued job has" : " queued jobs have") +
                " no time limit: what " + (n == 1 ? "it" : "they") +
                " may use is not counted as committed.");
        for (const auto& note : decision_.notes)
            add("Note: " + note + ".");
        planned(plan);
        return std::move(lines_);
    }

private:
    void add(std::string line) { lines_.push_back(std::move(line)); }
    std::string now() const { return std::string(name(standing(decision_.flags))); }
    std::string local(Instant at) const { return format::moment_text(zone_, at); }

    // A forecast is no matter of hours.
    std::string day(Instant at) const { return local_text(zone_, at).substr(0, 10); }

    void subject() {
        const bool several = decision_.policies.size() > 1;
        const bool observe = decision_.mode == model::Mode::observe;
        if (decision_.policies.empty())
            return add("Account " + decision_.account + " was under enforcement.");
        add("Account " + decision_.account + " is under " + (several ? "policies " : "policy ") +
            join(decision_.policies, ", ") + " in " +
            (observe ? "observe mode: nothing is applied." : "enforce mode."));
    }

    void held_or_not() {
        if (!decision_.held()) {
            add("The account could not be evaluated: " + decision_.error + ".");
            if (decision_.in_force || decision_.cause.kind == CauseKind::ancestor)
                standing_and_cause();
            else
                add("The account stays " + now() + ", as at the last evaluation.");
            return;
        }
        add("The account is held: " + decision_.error + ".");
        standing_and_cause();
        release_line();
    }

    void release_line() {
        add("Held accounts keep limits and shares, and nothing is lifted. After the change of "
            "rules "
            "is confirmed, evaluation by them begins: sluice release " +
            decision_.account + " --reason=TEXT.");
    }

    void life() {
        if (!decision_.life)
            return;
        const auto& life = *decision_.life;
        constexpr std::string_view kThen[] = {"is paused", "is slowed down",
                                              "is no longer under its policy"};
        const std::string then(kThen[static_cast<std::size_t>(life.then)]);
        std::string text = "The account";
        if (life.from)
            text += (life.state == model::LifeState::before ? " begins on " : " began on ") +
                    local(*life.from);
        if (life.until)
            text +=
                (life.from ? " and" : "") +
                std::string(life.state == model::LifeState::after ? " ended on " : " ends on ") +
                local(*life.until);
        add(text + ". Outside that time it " + then + ", and no usage is counted.");
        if (life.prorate && !decision_.closed())
            add("A period that lies inside that time only in part has its share of the "
                "allocation.");
    }

    void period() {
        if (decision_.closed())
            return;
        const auto& p = decision_.period;
        add(p.end ? "Period " + p.label + " runs from " + local(p.begin) + " to " + local(*p.end) +
                        " (" + zone_.name() + ")."
                  : "This is a one-time allocation and does not renew.");
    }

    void clusters() {
        std::vector<std::string> names;
        for (const auto& part : decision_.span)
            names.push_back(part.cluster);
        if (!names.empty())
            add("Clusters " + join(names, ", ") + " share the allocation.");
    }

    void below() {
        const std::string count = std::to_string(decision_.below.accounts) + " account" +
                                  (decision_.below.accounts == 1 ? "" : "s") + " next below";
        for (const auto& sum : decision_.below.figures) {
            const auto units = [&](Amount amount) {
                return format::units_text(amount, sum.component);
            };
            const auto own = std::find_if(
                decision_.figures.begin(), decision_.figures.end(),
                [&](const Figure& one) { return one.component.name == sum.component.name; });
            const bool more = own != decision_.figures.end() && sum.allocation > own->allocation;
            add(sum.component.name + ": " + count + " with an allocation: " +
                units(sum.allocation) + " together, " + units(sum.used) + " used" +
                (more ? "; together they are granted more than this account, whose allocation "
                        "bounds them all."
                      : "."));
        }
    }

    void component(const Figure& figure) {
        const auto units = [&](Amount amount) {
            return format::units_text(amount, figure.component);
        };
        const std::string start = figure.component.name + ": ";
        add(start + "the allocation is " + units(figure.allocation) + " (TRES " +
            figure.component.tres + ").");
        add(start + carryover(figure) + ".");
        if (figure.adjustments != 0)
            add(start + "staff adjustments " +
                (figure.adjustments > 0 ? "add " + units(figure.adjustments)
                                        : "take " + units(-figure.adjustments)) +
                ".");
        if (figure.borrowed > 0)
            add(start + units(figure.borrowed) + " may be borrowed from the next period.");
        if (figure.borrowed < 0)
            add(start + units(-figure.borrowed) + " less, borrowed by the period before.");
        add(start + "the effective allocation is " + units(figure.effective) + ".");
        add(start + "used " + units(figure.used()) + " = settled " + units(figure.usage.settled) +
            " + finished " + units(figure.usage.finished) + " + running " +
            units(figure.usage.running) + corrections(figure) +
            (figure.percent ? ", which is " + format::share_text(figure.percent) +
                                  " of the effective allocation."
                            : "."));
        if (figure.committed.value_or(0) > 0)
            add(start + "queued jobs may use up to " + units(*figure.committed) +
                " more, by their time limits; this decides nothing.");
        for (const auto& part : decision_.span)
            if (const auto usage = figure.by_cluster.find(part.cluster);
                usage != figure.by_cluster.end())
                add(start + "of this, " + units(usage->second.total()) + " on cluster " +
                    part.cluster +
                    (part.age > 0 ? " (as of " + std::to_string(part.age) + " s ago)." : "."));
    }

    // " - QOS factor 12 + idle reservations 3", without what is 0.
    std::string corrections(const Figure& figure) const {
        std::string text;
        const auto term = [&](const char* what, Amount amount) {
            if (amount != 0)
                text += (amount < 0 ? " - " : " + ") + std::string(what) + " " +
                        format::units_text(amount < 0 ? -amount : amount, figure.component);
        };
        term("QOS factor", figure.usage.factor);
        term("idle reservations", figure.usage.idle);
        return text;
    }

    std::string carryover(const Figure& figure) const {
        const auto& c = figure.carryover;
        const auto units = [&](Amount amount) {
            return format::units_text(amount, figure.component);
        };
        if (c.reason == "disabled")
            return "no carryover, because carryover is off";
        if (c.reason == "no_previous_allocation")
            return "no carryover, because the account had no allocation when " + c.previous_period +
                   " ended";
        if (c.reason == "no_previous_period")
            return "no carryover, because no period came before";
        if (!c.applied)
            return "no carryover: " + c.reason;
        const std::string given = c.given == 0 ? "" : units(-c.given) + " went to other accounts, ";
        if (c.model == CarryoverModel::decay)
            return given + units(c.used_before) + " used in " + c.previous_period +
                   " have decayed to " + units(c.effective_before) +
                   (policy_ ? " (half-life " + policy_->carryover.half_life_days.text() + " days)"
                            : "") +
                   "; carried over: " + units(c.carry);
        return units(c.used_before) + " of " + units(c.base) + " were used in " +
               c.previous_period + ", " + given + units(c.unused) + " were left; at most " +
               units(c.cap) + (policy_ ? " (" + policy_->carryover.factor.text() + " %)" : "") +
               " are carried over: " + units(c.carry);
    }

    void metric() {
        const std::string share = format::share_text(decision_.percent);
        const bool several = decision_.figures.size() > 1;
        if (several && decision_.deciding == "billing") {
            std::string weights;
            for (const Figure& figure : decision_.figures)
                weights += (weights.empty() ? "" : ", ") + figure.component.name + " x " +
                           figure.weight.text();
            add("The metric is the weighted sum (" + weights + "): " + share + ".");
        } else if (several) {
            add("The worst component decides: " + decision_.deciding + " with " + share + ".");
        } else {
            add("The metric is " + share + ".");
        }
        if (!decision_.percent)
            add("The effective allocation is 0, so every threshold is reached.");
    }

    std::string expected(const model::Forecast& forecast) const {
        if (!forecast.early)
            return forecast.date
                       ? "expected on " + day(*forecast.date) +
                             " at the rate of this period (no usage of two weeks is known)"
                       : "not expected in this period";
        const std::string early = day(*forecast.early);
        if (!forecast.date)
            return "not expected in this period, possible from " + early + " on";
        return "expected on " + day(*forecast.date) +
               (forecast.late
                    ? ", in four of five cases between " + early + " and " + day(*forecast.late)
                    : ", hardly before " + early + ", perhaps not in this period");
    }

    void thresholds() {
        for (const auto& one : decision_.thresholds) {
            const std::string start =
                "Threshold " + one.name + " at " + one.percent.text() + " %: ";
            if (one.reached)
                add(start +
                    (one.since ? "reached, first seen on " + local(*one.since) : "reached") + ".");
            else
                add(start + "not reached; " + expected(one.forecast) + ".");
        }
        if (decision_.jump)
            add(format::jump_text(zone_, *decision_.jump));
    }

    void grace_days() {
        if (const auto text = format::grace_days_text(zone_, decision_); !text.empty())
            add((decision_.own.paused
                     ? ""
                     : "Usage is at 100 % or above since " +
                           local(instant(decision_.memory.stands.at("full"))) + " (grace_days). ") +
                text);
    }

    void standing_and_cause() {
        const auto& entry = decision_.in_force;
        const bool foreign = entry && entry->foreign;
        const std::string text = standing_text(decision_);
        const bool would = text.starts_with("would ");
        add("The account " + (would ? text : "is " + text) + cause() +
            (would ? ", but its policy only observes." : "."));
        if (foreign)
            add("The account is " + std::string(name(entry->standing)) + " in " + entry->by + ".");
        else if (entry)
            add("Override " + std::to_string(entry->id) + " sets the account to " +
                std::string(name(entry->standing)) + " by " + format::entry_text(zone_, *entry) +
                format::reason_text(*entry) + ".");
        if (const auto& jobs = decision_.memory.submit; jobs && decision_.enforced.paused)
            add("The pause sets GrpSubmitJobs=0 on the account instead of a QOS; it had " +
                (jobs->saved ? std::to_string(*jobs->saved) : std::string("no limit")) + ".");
        if (decision_.block_creation)
            add("New resources are blocked for this account.");
        if (decision_.flags.paused && foreign)
            add("The pause lasts until " + entry->by + " lifts the flag.");
        else if (decision_.flags.paused && decision_.until)
            add((would ? "The pause would end by itself on " : "The pause ends by itself on ") +
                local(*decision_.until) + ".");
    }

    std::string cause() const {
        switch (decision_.cause.kind) {
        case CauseKind::ancestor: {
            const std::string start =
                " because account " + decision_.cause.account + " above it is";
            if (format::overridden(source_))
                return start + ", by " + format::entry_text(zone_, *source_.in_force) +
                       format::reason_text(*source_.in_force);
            if (format::by_life(source_))
                return start + ": account " + source_.account + " " +
                       format::life_text(zone_, source_);
            return source_.figures.empty() || source_.kept || source_.account == decision_.account
                       ? start
                       : start + ": " + format::usage_text(source_);
        }
        case CauseKind::override_:
            return format::overridden(decision_)
                       ? " by " + format::entry_text(zone_, *decision_.in_force)
                       : "";
        case CauseKind::life:
            return decision_.life && decision_.life->state == model::LifeState::before
                       ? " because it has not begun"
                       : " because it has ended";
        case CauseKind::foreign:
            return " for Sluice, but paused outside Sluice";
        case CauseKind::own:
            break;
        }
        if (standing_text(decision_) == "normal")
            return "";
        return decision_.kept ? " as at its last evaluation" : " by its own usage";
    }

    void waiting_jobs() {
        const auto jobs = [](std::uint32_t n) {
            return std::to_string(n) + (n == 1 ? " queued job" : " queued jobs");
        };
        const std::uint32_t invalid = decision_.waiting.invalid_qos;
        const std::uint32_t held = decision_.waiting.held;
        if (held > 0)
            add("Sluice holds " + jobs(held) + (held == 1 ? "; it is" : "; they are") +
                " released after the pause.");
        if (invalid > 0 && decision_.enforced.paused)
            add(jobs(invalid) + (invalid == 1 ? " waits" : " wait") +
                " because of the pause (reason InvalidQOS), until it ends.");
        else if (invalid > 0)
            add(jobs(invalid) + (invalid == 1 ? " waits" : " wait") +
                " because the account has QOS " + decision_.enforced_qos +
                " (reason InvalidQOS). Remedy: on_downscale: move in the policy, or scontrol "
                "update "
                "JobId=... QOS=" +
                decision_.enforced_qos + ".");
        if (const auto n = decision_.waiting.limit; n > 0)
            add(jobs(n) + (n == 1 ? " waits" : " wait") + " because of a limit that Sluice set: " +
                (n == 1 ? "it" : "each") + " asks for more than is left.");
        if (const auto n = decision_.waiting.qos_limit; n > 0)
            add(jobs(n) + (n == 1 ? " waits" : " wait") + " because of a limit of QOS " +
                decision_.enforced_qos + ".");
    }

    // Changes of jobs' QOS by their target: a queue may have thousands.
    void planned_job_qos(const model::Plan& plan) {
        std::map<std::string, std::size_t> counts;
        for (const auto& command : plan.commands)
            if (is_mine(command) && command.type == model::CommandType::set_job_qos)
                ++counts[command.qos.front()];
        for (const auto& [qos, count] : counts)
            add("Planned: Set QOS of " + std::to_string(count) +
                (count == 1 ? " queued job to " : " queued jobs to ") + qos + ".");
    }

    template <class Entry>
    bool is_mine(const Entry& entry) const {
        return entry.account == decision_.account || below_.contains(entry.account);
    }

    void planned(const model::Plan& plan) {
        const std::size_t before = lines_.size();
        planned_job_qos(plan);
        for (const auto& command : plan.commands)
            if (is_mine(command) && command.type != model::CommandType::set_job_qos)
                add("Planned: " + command.description + ".");
        // Reported drift is a problem whose remedy is the withheld command: one line for both.
        const auto is_drift = [&](const model::Command& command) {
            return std::any_of(plan.problems.begin(), plan.problems.end(), [&](const auto& one) {
                return one.account == command.account && one.remedy == command.sacctmgr;
            });
        };
        for (const auto& command : plan.withheld)
            if (is_mine(command) && !is_drift(command))
                add("Not done: " + command.description + ", " +
                    (decision_.mode == model::Mode::observe ? "because its policy only observes."
                                                            : "because the last try failed."));
        for (const auto& problem : plan.problems)
            if (is_mine(problem))
                add("Not possible: " + problem.what + ". Remedy: " + problem.remedy);
        if (lines_.size() == before)
            add("No change in Slurm is planned.");
    }

    const Zone& zone_;
    const AccountDecision& decision_;
    const AccountDecision& source_; // of its standing
    const std::set<std::string>& below_;
    const model::Policy* policy_;
    std::vector<std::string> lines_;
};

} // namespace

std::vector<std::string> explain(const model::PolicySet& set, const Zone& zone,
                                 const model::Decision& decision, const AccountDecision& account,
                                 const model::Plan& plan, const std::set<std::string>& below) {
    return Explanation(set, zone, account, decision.source(account), below).lines(plan);
}

} // namespace sluice::policy
