// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/explain.hpp"

#include "common/base/text.hpp"
#include "common/policy/format.hpp"
#include "common/policy/lookup.hpp"

#include <algorithm>

namespace sluice::policy {

using model::AccountDecision;
using model::CarryoverModel;
using model::CauseKind;
using model::Figure;

namespace {

class Account {
public:
    Account(const model::PolicySet& set, const Zone& zone, const AccountDecision& decision)
        : zone_(zone), decision_(decision),
          policy_(decision.policies.empty() ? nullptr
                                            : find_policy(set, decision.policies.front())) {}

    std::vector<std::string> lines(const model::Plan& plan) {
        subject();
        period();
        if (!decision_.error.empty()) {
            say("The account could not be judged: " + decision_.error + ".");
            say("It stays " + std::string(name(standing(decision_.flags))) +
                " as at the last evaluation.");
            return std::move(lines_);
        }
        span();
        for (const Figure& figure : decision_.figures)
            component(figure);
        judged();
        thresholds();
        standing_and_cause();
        for (const auto& note : decision_.notes)
            say("Note: " + note + ".");
        planned(plan);
        return std::move(lines_);
    }

private:
    void say(std::string line) { lines_.push_back(std::move(line)); }
    std::string units(Amount amount, const Figure& figure) const {
        return units_text(amount, figure.component);
    }

    void subject() {
        const bool several = decision_.policies.size() > 1;
        say("Account " + decision_.account + " is judged by " +
            (several ? "policies " : "policy ") + join(decision_.policies, ", ") + " in " +
            (decision_.mode == model::Mode::enforce ? "enforce" : "observe") + " mode" +
            (decision_.mode == model::Mode::observe ? ": nothing is applied." : "."));
    }

    void period() {
        const auto& p = decision_.period;
        if (!p.end) {
            say("The allocation is a total: it counts from the beginning and does not start anew.");
            return;
        }
        say("Period " + p.label + " runs from " + local_text(zone_, p.begin) + " to " +
            local_text(zone_, *p.end) + " (" + zone_.name() + ").");
    }

    void span() {
        std::vector<std::string> clusters;
        for (const auto& part : decision_.span)
            clusters.push_back(part.cluster);
        if (!clusters.empty())
            say("Its allocation is one for the clusters " + join(clusters, ", ") + ".");
    }

    void component(const Figure& figure) {
        const std::string& name = figure.component.name;
        say(name + ": the allocation is " + units(figure.allocation, figure) + " (TRES " +
            figure.component.tres + ").");
        carryover(figure);
        if (figure.adjustments != 0)
            say(name + ": adjustments of staff add " + units(figure.adjustments, figure) + ".");
        if (figure.borrowed != 0)
            say(name + ": " +
                (figure.borrowed > 0
                     ? units(figure.borrowed, figure) + " may be borrowed of the next period."
                     : units(-figure.borrowed, figure) +
                           " less, because the period before used them early."));
        say(name + ": the effective allocation is " + units(figure.effective, figure) + ".");
        say(name + ": used " + units(figure.used(), figure) + " = settled " +
            units(figure.usage.settled, figure) + " + finished " +
            units(figure.usage.finished, figure) + " + running " +
            units(figure.usage.running, figure) + ", which is " + share_text(figure.percent) +
            " of it.");
        for (const auto& part : decision_.span)
            by_cluster(part, figure);
    }

    void by_cluster(const model::SpanPart& part, const Figure& figure) {
        const auto usage = figure.by_cluster.find(part.cluster);
        if (usage == figure.by_cluster.end())
            return;
        say(figure.component.name + ": of this, " + units(usage->second.total(), figure) +
            " on cluster " + part.cluster +
            (part.age > 0 ? " (as of " + std::to_string(part.age) + " s ago)." : "."));
    }

    void carryover(const Figure& figure) {
        const auto& c = figure.carryover;
        const std::string start = figure.component.name + ": ";
        if (!c.applied) {
            const bool off = c.reason == "disabled";
            const bool first = c.reason == "no_previous_allocation";
            say(start + "nothing is carried over: " +
                (off     ? "carryover is off"
                 : first ? "the account had no allocation when " + c.previous_period + " ended"
                 : c.reason == "no_previous_period" ? std::string("there is no period before")
                                                    : c.reason) +
                ".");
            return;
        }
        const std::string used = units(c.used_before, figure);
        if (c.model == CarryoverModel::cap)
            say(start + used + " of " + units(c.base, figure) + " were used in " +
                c.previous_period + ", " + units(c.unused, figure) + " were left; at most " +
                units(c.cap, figure) +
                (policy_ ? " (" + policy_->carryover.factor.text() + " %)" : "") +
                " are carried over: " + units(c.carry, figure) + ".");
        else
            say(start + used + " used in " + c.previous_period + " have decayed to " +
                units(c.effective_before, figure) +
                (policy_ ? " (half-life " + policy_->carryover.half_life_days.text() + " days)"
                         : "") +
                "; carried over: " + units(c.carry, figure) + ".");
    }

    void judged() {
        if (decision_.judged == "billing" && decision_.figures.size() > 1) {
            std::string weights;
            for (const Figure& figure : decision_.figures)
                weights += (weights.empty() ? "" : ", ") + figure.component.name + " x " +
                           figure.weight.text();
            say("The metric is the weighted sum (" + weights +
                "): " + share_text(decision_.percent) + ".");
        } else if (decision_.figures.size() > 1) {
            say("The worst component decides: " + decision_.judged + " with " +
                share_text(decision_.percent) + ".");
        } else {
            say("The metric is " + share_text(decision_.percent) + ".");
        }
        if (!decision_.percent)
            say("Nothing is granted, so every threshold is reached.");
    }

    void thresholds() {
        for (const auto& threshold : decision_.thresholds) {
            std::string text =
                "Threshold " + threshold.name + " at " + threshold.percent.text() + " %: ";
            if (threshold.reached)
                text += threshold.since
                            ? "reached, first seen on " + local_text(zone_, *threshold.since) + "."
                            : "reached.";
            else if (threshold.crossing)
                text += "not reached; at the present rate on " +
                        local_text(zone_, *threshold.crossing) + ".";
            else
                text += "not reached; not in this period at the present rate.";
            say(std::move(text));
        }
    }

    void standing_and_cause() {
        say("The account is " + std::string(name(standing(decision_.flags))) + cause() + ".");
        if (decision_.in_force && decision_.in_force->foreign)
            say("It is " + std::string(name(decision_.in_force->standing)) + " in " +
                decision_.in_force->by + ": " + decision_.in_force->reason + ".");
        else if (decision_.in_force)
            say("Override " + std::to_string(decision_.in_force->id) + " pins it to " +
                std::string(name(decision_.in_force->standing)) + " until " +
                local_text(zone_, decision_.in_force->until) + ": " + decision_.in_force->reason +
                ".");
        if (decision_.block_creation)
            say("New resources are blocked for this account.");
        if (decision_.flags.paused && decision_.in_force && decision_.in_force->foreign)
            say("That lasts until it is taken back in " + decision_.in_force->by + ".");
        else if (decision_.flags.paused && decision_.until)
            say("The pause ends by itself on " + local_text(zone_, *decision_.until) + ".");
    }

    std::string cause() const {
        switch (decision_.cause.kind) {
        case CauseKind::ancestor:
            return " because account " + decision_.cause.account + " above it is";
        case CauseKind::override_:
            if (decision_.in_force && decision_.in_force->foreign)
                return " by a flag in " + decision_.in_force->by;
            return " by an override";
        case CauseKind::foreign:
            return " for Sluice, but paused outside Sluice";
        case CauseKind::own:
            break;
        }
        return standing(decision_.flags) == model::Standing::normal ? "" : " by its own usage";
    }

    void planned(const model::Plan& plan) {
        const std::size_t before = lines_.size();
        const auto mine = [&](const auto& entry) { return entry.account == decision_.account; };
        for (const auto& command : plan.commands)
            if (mine(command))
                say("Planned: " + command.description + ".");
        // Drift that is only reported is a problem whose remedy is the withheld command: told once.
        const auto same = [](const model::Problem& problem, const model::Command& command) {
            return problem.account == command.account && problem.remedy == command.sacctmgr;
        };
        const auto is_drift = [&](const model::Command& command) {
            return std::any_of(plan.problems.begin(), plan.problems.end(),
                               [&](const auto& problem) { return same(problem, command); });
        };
        for (const auto& command : plan.withheld)
            if (mine(command) && !is_drift(command))
                say("Not done: " + command.description + ", " +
                    (decision_.mode == model::Mode::observe ? "because its policy only observes."
                                                            : "because the last try failed."));
        for (const auto& problem : plan.problems)
            if (mine(problem))
                say("Not possible: " + problem.what + ". Remedy: " + problem.remedy);
        if (lines_.size() == before)
            say("Nothing is to be changed in Slurm.");
    }

    const Zone& zone_;
    const AccountDecision& decision_;
    const model::Policy* policy_;
    std::vector<std::string> lines_;
};

} // namespace

std::vector<std::string> explain(const model::PolicySet& set, const Zone& zone,
                                 const AccountDecision& decision, const model::Plan& plan) {
    return Account(set, zone, decision).lines(plan);
}

} // namespace sluice::policy
