// SPDX-License-Identifier: GPL-2.0-or-later
// How often the true date lies in the interval of the forecast: generated histories of many kinds,
// and histories replayed from job streams through a full cluster. The numbers are seeded, so every
// run prints the same. Run by `make bench`.
#include "common/policy/evaluate/forecast.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <deque>
#include <random>
#include <vector>

using namespace sluice;

namespace {

constexpr int kPast = 56;
constexpr int kPeriod = 91;
constexpr int kHistories = 1000; // of each kind
constexpr double kDay = 86400;

using Days = std::vector<double>; // node-seconds
using Random = std::mt19937_64;

double uniform(Random& random) {
    return static_cast<double>(random() >> 11) / 9007199254740992.0;
}

// Own distributions: those of the standard library differ between implementations.
double normal(Random& random) {
    const double radius = std::sqrt(-2 * std::log(1 - uniform(random)));
    return radius * std::cos(2 * M_PI * uniform(random));
}

int poisson(double mean, Random& random) {
    const double limit = std::exp(-mean);
    int count = 0;
    for (double product = uniform(random); product > limit; product *= uniform(random))
        ++count;
    return count;
}

// Jobs of one day: their number by the day of the week, their sizes lognormal.
double jobs(double mean, double sigma, Random& random) {
    double sum = 0;
    for (int i = poisson(mean, random); i > 0; --i)
        sum += std::exp(sigma * normal(random)) * kDay;
    return sum;
}

double weekday(int day) {
    constexpr std::array<double, 7> kShare{1.2, 1.3, 1.3, 1.2, 1.1, 0.5, 0.4};
    return kShare[static_cast<std::size_t>(day % 7)];
}

Days steady(Random& random) {
    const double mean = 2 + 18 * uniform(random);
    Days days;
    for (int day = 0; day < kPast + kPeriod; ++day)
        days.push_back(jobs(mean * weekday(day), 1, random));
    return days;
}

Days few_large(Random& random) {
    const double mean = 0.3 + 0.7 * uniform(random);
    Days days;
    for (int day = 0; day < kPast + kPeriod; ++day)
        days.push_back(jobs(mean * weekday(day), 1.2, random));
    return days;
}

// Weeks of work and weeks without.
Days campaigns(Random& random) {
    const double mean = 4 + 10 * uniform(random);
    bool on = true;
    Days days;
    for (int day = 0; day < kPast + kPeriod; ++day) {
        if (day % 7 == 0)
            on = uniform(random) < (on ? 0.7 : 0.5);
        days.push_back(jobs((on ? mean : mean / 10) * weekday(day), 1, random));
    }
    return days;
}

// A level that wanders from week to week.
Days wandering(Random& random) {
    const double mean = 4 + 10 * uniform(random);
    double level = 0;
    Days days;
    for (int day = 0; day < kPast + kPeriod; ++day) {
        if (day % 7 == 0)
            level = 0.7 * level + 0.35 * normal(random);
        days.push_back(jobs(mean * std::exp(level) * weekday(day), 0.8, random));
    }
    return days;
}

// Up or down by up to 3 % a week.
Days trend(Random& random) {
    const double mean = 6 + 10 * uniform(random);
    const double step = 0.06 * uniform(random) - 0.03;
    Days days;
    for (int day = 0; day < kPast + kPeriod; ++day)
        days.push_back(jobs(mean * (1 + step * day / 7) * weekday(day), 1, random));
    return days;
}

// Twice as much in the two weeks before a deadline every two months or so.
Days deadlines(Random& random) {
    const double mean = 4 + 10 * uniform(random);
    int next = static_cast<int>(60 * uniform(random));
    Days days;
    for (int day = 0; day < kPast + kPeriod; ++day) {
        if (day > next)
            next += 45 + static_cast<int>(30 * uniform(random));
        days.push_back(jobs(mean * (next - day < 14 ? 2 : 1) * weekday(day), 1, random));
    }
    return days;
}

// Jobs of twelve accounts wait for 40 nodes, first come first served: what an account gets depends
// on the others, and a day is never more than the cluster. One of the accounts.
Days replayed(Random& random) {
    constexpr int kNodes = 40;
    constexpr int kWarmUp = 14;
    struct Job {
        bool ours;
        int nodes;
        int hours;
    };
    struct Running {
        Job job;
        int left;
    };
    const double load = 0.7 + 0.5 * uniform(random);
    const double share = 0.05 + 0.25 * uniform(random);
    std::deque<Job> queue;
    std::vector<Running> running;
    int idle = kNodes;
    Days days(kWarmUp + kPast + kPeriod, 0.0);
    for (std::size_t hour = 0; hour < days.size() * 24; ++hour) {
        const int day = static_cast<int>(hour / 24);
        const bool daytime = hour % 24 >= 9 && hour % 24 < 19;
        // a job has about 4 nodes for 8 hours
        const double arrivals = load * kNodes / 40.0 * weekday(day) * (daytime ? 1.8 : 0.43) / 1.0;
        for (int i = poisson(arrivals, random); i > 0; --i)
            queue.push_back(
                {uniform(random) < share,
                 std::min(kNodes, 1 + static_cast<int>(std::exp(0.9 + 0.8 * normal(random)))),
                 std::min(72, 1 + static_cast<int>(std::exp(1.6 + 1.0 * normal(random))))});
        while (!queue.empty() && queue.front().nodes <= idle) {
            idle -= queue.front().nodes;
            running.push_back({queue.front(), queue.front().hours});
            queue.pop_front();
        }
        for (auto& each : running) {
            if (each.job.ours)
                days[static_cast<std::size_t>(day)] += each.job.nodes * 3600.0;
            if (--each.left == 0)
                idle += each.job.nodes;
        }
        std::erase_if(running, [](const Running& each) { return each.left == 0; });
    }
    days.erase(days.begin(), days.begin() + kWarmUp);
    return days;
}

struct Score {
    int inside = 0;
    int early = 0; // the true date is before the interval
    int late = 0;
    double width = 0;      // of intervals with both ends, in days
    double by_pattern = 0; // |expected - true| in days, where both are in the period
    double by_rate = 0;    // the same, of the rate since the period began
    int dated = 0;
    int bounded = 0;

    int all() const { return inside + early + late; }
};

struct Kind {
    const char* name;
    Days (*make)(Random&);
};
constexpr Kind kKinds[] = {{"steady", steady},         {"few large jobs", few_large},
                           {"campaigns", campaigns},   {"wandering level", wandering},
                           {"trend", trend},           {"deadlines", deadlines},
                           {"replayed jobs", replayed}};

// A period begins at day `kPast`; the forecast is made `into` days later.
void judge(const Days& days, int into, double percent, Random& random, Score& score) {
    double whole = 0;
    for (std::size_t day = kPast; day < days.size(); ++day)
        whole += days[day];
    // An allocation that is reached at some time, or not.
    const double target = whole * (0.5 + uniform(random)) * percent;
    const int now = kPast + into;
    double used = 0;
    model::WeeklyUsage weekly;
    const Instant begin = instant(1'767'225'600); // of the first day
    weekly.until = begin + std::chrono::days(now);
    auto& sums = weekly.tres["node"];
    for (int back = 1; back <= kPast; ++back) {
        const auto amount = static_cast<Amount>(days[static_cast<std::size_t>(now - back)]);
        sums.weeks[static_cast<std::size_t>((back - 1) / 7)] += amount;
        sums.weekdays[static_cast<std::size_t>((kPast - back) % 7)] += amount;
    }
    for (int day = kPast; day < now; ++day)
        used += days[static_cast<std::size_t>(day)];
    if (used >= target)
        return;
    std::optional<double> truth; // days after `now`
    double sum = used;
    for (std::size_t day = static_cast<std::size_t>(now); day < days.size() && !truth; ++day) {
        if (sum + days[day] >= target)
            truth = static_cast<double>(day) - now + (target - sum) / days[day];
        sum += days[day];
    }
    model::Figure figure;
    figure.component.name = "node_hours";
    figure.component.tres = "node";
    figure.effective = static_cast<Amount>(target);
    figure.usage.settled = static_cast<Amount>(used);
    model::Period period;
    period.begin = begin + std::chrono::days(kPast);
    period.end = begin + std::chrono::days(kPast + kPeriod);
    std::vector<model::Threshold> thresholds(1);
    thresholds[0].percent = Decimal::whole(100);
    const auto metric = policy::metric_of(figure);
    policy::add_forecasts(metric, {figure}, period, &weekly, weekly.until, thresholds);
    const auto& forecast = thresholds[0].forecast;
    if (!truth && forecast.empty())
        return; // neither happens nor was expected to
    const auto days_to = [&](Instant at) {
        return static_cast<double>((at - weekly.until).count()) / kDay;
    };
    if (truth && (!forecast.early || *truth < days_to(*forecast.early) - 1.0 / 24))
        ++score.early;
    else if (forecast.late && (!truth || *truth > days_to(*forecast.late)))
        ++score.late;
    else
        ++score.inside;
    if (forecast.late) {
        score.width += days_to(*forecast.late) - days_to(*forecast.early);
        ++score.bounded;
    }
    std::vector<model::Threshold> plain(1);
    plain[0].percent = Decimal::whole(100);
    policy::add_forecasts(metric, {figure}, period, nullptr, weekly.until, plain);
    if (truth && forecast.date && plain[0].forecast.date) {
        score.by_pattern += std::abs(days_to(*forecast.date) - *truth);
        score.by_rate += std::abs(days_to(*plain[0].forecast.date) - *truth);
        ++score.dated;
    }
}

void print(const char* name, const Score& score) {
    const auto share = [&](int part) { return 100.0 * part / std::max(score.all(), 1); };
    const int dated = std::max(score.dated, 1);
    std::printf(
        "%-16s %6d forecasts: %4.1f %% inside, %4.1f %% before, %4.1f %% after; width %4.1f d; "
        "off by %4.1f d (constant rate: %4.1f d)\n",
        name, score.all(), share(score.inside), share(score.early), share(score.late),
        score.width / std::max(score.bounded, 1), score.by_pattern / dated, score.by_rate / dated);
}

void add(const Score& one, Score& sum) {
    sum.inside += one.inside;
    sum.early += one.early;
    sum.late += one.late;
    sum.width += one.width;
    sum.bounded += one.bounded;
    sum.by_pattern += one.by_pattern;
    sum.by_rate += one.by_rate;
    sum.dated += one.dated;
}

} // namespace

int main() {
    Score all;
    unsigned seed = 0;
    for (const auto& kind : kKinds) {
        Score score;
        Random random(++seed);
        for (int i = 0; i < kHistories; ++i) {
            const Days days = kind.make(random);
            for (const int into : {7, 21, 42, 63})
                judge(days, into, 1, random, score);
        }
        print(kind.name, score);
        add(score, all);
    }
    print("all", all);
    return 0;
}
