// SPDX-License-Identifier: GPL-2.0-or-later
// min_dwell and grace_days: what keeps a flag, what lifts it at once, when the days are over; and
// 10,000 generated timelines against a reference that looks back over the whole timeline and keeps
// no memory.
#include "common/policy/evaluate/thresholds.hpp"

#include "tests/common/policy/world.hpp"

#include <random>
#include <string>
#include <vector>

using namespace sluice;
using test::dec;
using test::utc;
using test::World;

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

World physics() {
    World w;
    w.policy();
    w.account("physics");
    w.grant("physics", "1000");
    // Running jobs: the figure may fall.
    w.charges.push_back({utc(2026, 1, 2), "physics", "node", 0, &model::UsageSplit::running});
    return w;
}

const model::AccountDecision& run(World& w, Instant at, Amount used) {
    w.charges.back().amount = used * 3600;
    return w.run(at);
}

bool says(const std::vector<std::string>& lines, const std::string& text) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const auto& line) { return line.find(text) != std::string::npos; });
}

} // namespace

CASE(falling_usage_lifts_no_flag_that_stands_for_less_than_min_dwell) {
    World w = physics();
    w.set.policies[0].min_dwell = minutes{10};
    const Instant start = utc(2026, 1, 3);
    CHECK(run(w, start, 1200).flags.paused);
    CHECK(run(w, start + seconds{599}, 900).flags == (model::Flags{true, true}));
    CHECK(says(w.explain(), "min_dwell keeps the standing until 2026-01-03T00:10"));
    CHECK(run(w, start + seconds{600}, 900).flags == model::Flags{});
}

CASE(a_flag_that_ends_and_returns_dwells_anew) {
    World w = physics();
    w.set.policies[0].min_dwell = minutes{10};
    const Instant start = utc(2026, 1, 3);
    run(w, start, 1000);
    CHECK(!run(w, start + minutes{10}, 900).flags.downscaled);
    CHECK(run(w, start + minutes{11}, 1000).flags.downscaled);
    CHECK(run(w, start + minutes{20}, 900).flags.downscaled);
    CHECK(!run(w, start + minutes{21}, 900).flags.downscaled);
}

CASE(a_raised_allocation_clears_a_flag_within_min_dwell) {
    World w = physics();
    w.set.policies[0].min_dwell = hours{24};
    run(w, utc(2026, 1, 3), 1200);
    w.grant("physics", "2000");
    CHECK(run(w, utc(2026, 1, 3, 1), 1200).flags == model::Flags{});
}

CASE(a_raise_that_old_usage_hides_still_ends_the_dwell) {
    World w = physics();
    w.set.policies[0].min_dwell = hours{24};
    run(w, utc(2026, 1, 3), 1200);
    w.grant("physics", "2000");
    w.facts.usage_age = 60;
    CHECK(run(w, utc(2026, 1, 3, 1), 1200).flags.paused);
    w.facts.usage_age = 0;
    CHECK(run(w, utc(2026, 1, 3, 2), 1200).flags == model::Flags{});
}

CASE(an_override_and_a_new_period_end_a_standing_within_min_dwell) {
    World w = physics();
    w.set.policies[0].min_dwell = hours{24 * 300};
    run(w, utc(2026, 1, 3), 1200);
    w.facts.history.overrides.push_back({1, "physics", model::Standing::normal, utc(2026, 1, 4),
                                         utc(2026, 1, 5), "deadline", "root"});
    CHECK(run(w, utc(2026, 1, 4), 900).flags == model::Flags{});
    CHECK(run(w, utc(2026, 1, 5), 900).flags.paused);
    CHECK(run(w, utc(2026, 4, 1), 0).flags == model::Flags{});
}

CASE(min_dwell_counts_from_now_where_the_memory_lacks_the_begin) {
    World w = physics();
    run(w, utc(2026, 1, 3), 1200);
    CHECK(w.facts.history.accounts["physics"].stands.empty()); // nothing is kept without it
    w.set.policies[0].min_dwell = minutes{10};
    CHECK(run(w, utc(2026, 1, 4), 900).flags.paused);
    CHECK(run(w, utc(2026, 1, 4) + seconds{599}, 900).flags.paused);
    CHECK(!run(w, utc(2026, 1, 4) + seconds{600}, 900).flags.paused);
}

CASE(each_step_dwells_for_itself) {
    World w = physics();
    auto& p = w.set.policies[0];
    p.strategy = model::QosStrategy::progressive;
    p.steps = {{dec("90"), "slow1", false}, {dec("110"), "blocked", true}};
    p.min_dwell = minutes{10};
    const Instant start = utc(2026, 1, 3);
    run(w, start, 900);
    run(w, start + minutes{5}, 1100);
    CHECK(run(w, start + minutes{12}, 800).qos == "blocked");
    CHECK(run(w, start + minutes{15}, 800).qos.empty()); // slow1 stood for long enough, too
}

CASE(after_the_days_a_pause_comes_below_the_grace_limit) {
    World w = physics();
    w.set.policies[0].grace_days = 14;
    const Instant start = utc(2026, 1, 3, 10);
    run(w, start, 1000);
    CHECK(w.of("physics").by_usage.pauses_at == std::optional(start + days{14}));
    CHECK(says(w.explain(), "Usage is at 100 % or above since 2026-01-03T10:00"));
    CHECK(says(w.explain(), "New jobs are refused from 2026-01-17T10:00"));
    CHECK(policy::next_event(w.set, w.zone, start + days{13}, w.facts.history) ==
          std::optional(start + days{14}));
    CHECK(!run(w, start + days{14} - seconds{1}, 1010).flags.paused);
    const auto& paused = run(w, start + days{14}, 1010);
    CHECK(paused.flags.paused && paused.qos == "blocked" && !paused.by_usage.pauses_at);
    CHECK(says(w.explain(), "so that the grace in days is over"));
    CHECK(!run(w, start + days{15}, 999).flags.paused);
}

CASE(a_break_below_100_percent_counts_the_days_anew) {
    World w = physics();
    w.set.policies[0].grace_days = 2;
    run(w, utc(2026, 1, 3), 1000);
    run(w, utc(2026, 1, 4), 999);
    run(w, utc(2026, 1, 4, 1), 1000);
    CHECK(!run(w, utc(2026, 1, 5, 12), 1000).flags.paused);
    CHECK(run(w, utc(2026, 1, 6, 1), 1000).flags.paused);
}

CASE(old_usage_neither_breaks_the_days_nor_ends_their_pause) {
    World w = physics();
    w.set.policies[0].grace_days = 2;
    run(w, utc(2026, 1, 3), 1000);
    w.facts.usage_age = 60;
    CHECK(!run(w, utc(2026, 1, 5), 999).flags.paused);
    CHECK(run(w, utc(2026, 1, 5, 1), 1000).flags.paused);
    CHECK(run(w, utc(2026, 1, 5, 2), 0).flags.paused);
    w.facts.usage_age = 0;
    CHECK(!run(w, utc(2026, 1, 5, 3), 999).flags.paused);
}

CASE(a_pause_by_days_ends_with_hysteresis_dwell_and_raises_like_others) {
    World w = physics();
    auto& p = w.set.policies[0];
    p.grace_days = 2;
    p.hysteresis = dec("5");
    run(w, utc(2026, 1, 3), 1000);
    run(w, utc(2026, 1, 5), 1000);
    CHECK(run(w, utc(2026, 1, 5, 1), 951).flags.paused);
    CHECK(!run(w, utc(2026, 1, 5, 2), 950).flags.paused);
    CHECK(!run(w, utc(2026, 1, 5, 3), 1000).flags.paused); // the days begin anew
    CHECK(run(w, utc(2026, 1, 7, 3), 1000).flags.paused);
    w.grant("physics", "2000");
    CHECK(!run(w, utc(2026, 1, 7, 4), 1000).flags.paused);
}

CASE(the_days_block_creation_as_the_pause_does) {
    World w = physics();
    w.set.policies[0].grace_days = 2;
    w.set.policies[0].actions.push_back(model::Action::block_creation_of_new_resources);
    CHECK(!run(w, utc(2026, 1, 3), 1000).block_creation);
    CHECK(run(w, utc(2026, 1, 5), 1000).block_creation);
}

CASE(days_that_end_after_the_period_announce_nothing) {
    World w = physics();
    w.set.policies[0].grace_days = 14;
    CHECK(!run(w, utc(2026, 3, 20), 1000).by_usage.pauses_at);
}

CASE(the_snapshot_pauses_when_the_days_end_and_opens_at_the_boundary) {
    World w = physics();
    w.set.policies[0].grace_days = 14;
    w.account("optics", "physics");
    const Instant start = utc(2026, 1, 3, 10);
    run(w, start, 1000);
    const auto made = policy::snapshot(w.set, w.zone, w.facts.structure, w.decision);
    for (const auto& account : made.accounts) {
        CHECK(account.standing == model::Standing::downscaled);
        CHECK(account.text.find("New jobs are refused from 2026-01-17") != std::string::npos);
        CHECK(account.later.size() == 2);
        CHECK(account.later[0].from == start + days{14});
        CHECK(account.later[0].standing == model::Standing::paused);
        CHECK(account.later[0].text.find("grace in days is over") != std::string::npos);
        CHECK(account.later[1].from == utc(2026, 4, 1));
        CHECK(account.later[1].standing == model::Standing::normal);
    }
    CHECK(made.accounts.size() == 2);
}

CASE(observed_days_refuse_nothing) {
    World w = physics();
    w.set.policies[0].grace_days = 14;
    w.set.policies[0].mode = model::Mode::observe;
    run(w, utc(2026, 1, 3), 1000);
    const auto made = policy::snapshot(w.set, w.zone, w.facts.structure, w.decision);
    CHECK(made.accounts.size() == 1 && made.accounts[0].later.empty());
    CHECK(run(w, utc(2026, 1, 17), 1000).flags.paused);
    CHECK(!w.of("physics").enforced.paused);
}

namespace {

// What one evaluation saw, and what the reference makes of it. Hours.
struct Seen {
    Instant at{};
    Amount used = 0;
    Amount granted = 0;
    bool stale = false;
    bool downscaled = false;
    bool by_limit = false;
    bool by_days = false;

    bool at_least(Amount percent) const { return used * 100 >= granted * percent; }
    bool above(Amount percent) const { return used * 100 > granted * percent; }
};

struct Rules {
    Amount grace = 20; // percent, as the next two
    Amount hysteresis = 0;
    std::chrono::seconds dwell{0};
    int days = 0;
};

// All that is asked of the past is read from the past itself.
class Reference {
public:
    explicit Reference(const Rules& rules) : rules_(rules) {}

    Seen next(Instant at, Amount used, Amount granted, bool stale) {
        Seen now{at, used, granted, stale, false, false, false};
        past_.push_back(now);
        const bool by_days = rules_.days > 0 && days_are_over();
        past_.back().by_days = by_days;
        past_.back().downscaled = stands(
            100, [](const Seen& one) { return one.downscaled; }, true);
        past_.back().by_limit = stands(
            100 + rules_.grace, [](const Seen& one) { return one.by_limit || one.by_days; },
            !by_days);
        return past_.back();
    }

private:
    const Seen& now() const { return past_.back(); }
    bool raised(std::size_t i) const { return i > 0 && past_[i].granted > past_[i - 1].granted; }

    // Of a flag with this threshold that stood at the evaluation before.
    template <class Flag>
    bool stays(Amount percent, Flag flag) const {
        if (now().stale || (rules_.hysteresis > 0 && now().above(percent - rules_.hysteresis)))
            return true;
        std::size_t begin = past_.size() - 1; // of the unbroken standing
        while (begin > 0 && flag(past_[begin - 1]))
            --begin;
        // A raise below the threshold voids the dwell, until the threshold is reached again.
        for (std::size_t i = past_.size() - 1; i > begin; --i) {
            const bool at_days = past_[i].by_days && past_[i].at_least(100);
            if (i + 1 < past_.size() && (past_[i].at_least(percent) || at_days))
                break;
            if (raised(i))
                return false;
        }
        Instant from = past_[begin].at;
        for (std::size_t i = begin + 1; i + 1 < past_.size(); ++i) {
            const bool reached =
                past_[i].at_least(percent) || (past_[i].by_days && past_[i].at_least(100));
            if (reached && voided_before(i, begin, percent))
                from = past_[i].at;
        }
        return now().at < from + rules_.dwell;
    }

    bool voided_before(std::size_t at, std::size_t begin, Amount percent) const {
        for (std::size_t i = at; i-- > begin + 1;) {
            if (past_[i].at_least(percent) || (past_[i].by_days && past_[i].at_least(100)))
                return false;
            if (raised(i))
                return true;
        }
        return false;
    }

    template <class Flag>
    bool stands(Amount percent, Flag flag, bool may_stay) const {
        if (now().at_least(percent))
            return true;
        const bool before = past_.size() > 1 && flag(past_[past_.size() - 2]);
        return before && may_stay && stays(percent, flag);
    }

    bool days_are_over() const {
        const auto paused = [](const Seen& one) { return one.by_limit || one.by_days; };
        const bool before = past_.size() > 1 && past_[past_.size() - 2].by_days;
        std::size_t begin = past_.size(); // of the unbroken run at 100 % or above
        for (std::size_t i = past_.size() - 1; i-- > 0;) {
            if (!past_[i].at_least(100) && !past_[i].stale && !past_[i].by_days)
                break;
            if (past_[i].at_least(100))
                begin = i;
        }
        const bool reached = now().at_least(100);
        if (begin == past_.size() && !reached)
            return false;
        const Instant since = begin == past_.size() ? now().at : past_[begin].at;
        if (now().at < since + std::chrono::days{rules_.days})
            return false;
        return reached || (before && stays(100, paused));
    }

    Rules rules_;
    std::vector<Seen> past_;
};

} // namespace

CASE(generated_timelines_stand_as_the_reference_has_it) {
    std::mt19937 random(1809);
    const auto pick = [&](std::initializer_list<int> all) {
        return *(all.begin() + static_cast<std::ptrdiff_t>(random() % all.size()));
    };
    int by_days = 0;
    int kept = 0;
    for (int timeline = 0; timeline < 10'000; ++timeline) {
        const bool whole = timeline % 100 == 0; // the whole decision; else thresholds alone
        World w = whole ? physics() : World();
        w.keeps_rules = false;
        Rules rules;
        rules.grace = pick({10, 20, 50});
        rules.hysteresis = pick({0, 0, 5});
        rules.dwell = minutes{pick({0, 10, 120, 3000})};
        rules.days = pick({0, 1, 3});
        auto& p = whole ? w.set.policies[0] : w.policy();
        policy::PreviousState previous;
        p.grace_ratio = Decimal::raw(rules.grace * Decimal::kScale / 100);
        p.hysteresis = Decimal::whole(rules.hysteresis);
        p.min_dwell = rules.dwell;
        p.grace_days = rules.days;
        Reference reference(rules);
        Instant at = utc(2026, 1, 3);
        Amount granted = 1000;
        for (int step = 0; step < 12; ++step) {
            at += minutes{pick({1, 9, 10, 60, 720, 1440})};
            const Amount before = granted;
            if (random() % 8 == 0)
                granted += pick({-100, 100, 300});
            const Amount used =
                pick({900, 960, 990, 999, 1000, 1010, 1050, 1099, 1100, 1190, 1200, 1500});
            const bool stale = random() % 8 == 0;
            if (whole) {
                w.set.accounts["physics"].allocation->at("node_hours") = Decimal::whole(granted);
                w.facts.usage_age = stale ? 60 : 0;
                previous.flags = run(w, at, used).flags;
            } else {
                previous.stale = stale;
                previous.now = at;
                previous.raised = step > 0 && granted > before;
                policy::Metric metric;
                metric.used = used;
                metric.effective = granted;
                auto result = policy::check_all({&p}, metric, previous);
                previous.flags = result.flags;
                previous.stands = std::move(result.stands);
            }
            const Seen wanted = reference.next(at, used, granted, stale);
            CHECK(previous.flags.downscaled == wanted.downscaled);
            CHECK(previous.flags.paused == (wanted.by_limit || wanted.by_days));
            by_days += wanted.by_days && !wanted.by_limit ? 1 : 0;
            kept += wanted.downscaled && !wanted.at_least(100) ? 1 : 0;
        }
    }
    CHECK(by_days > 1000 && kept > 1000); // both are met often
}
