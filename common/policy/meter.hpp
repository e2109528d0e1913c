// SPDX-License-Identifier: GPL-2.0-or-later
// Usage over time in a simulation: charges and jobs in, exact TRES-seconds between two instants
// out. Time only goes forward; the cost of a job is two events, however many evaluations see it.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/clock.hpp"

#include <cstdint>
#include <map>
#include <queue>
#include <vector>

namespace sluice::policy {

// One number for each (account, TRES) that a simulation counts.
using Cell = std::size_t;

class Meter {
public:
    Meter(std::size_t cells, Instant start) : cells_(cells), now_(start) {}

    Instant now() const { return now_; }
    // Marks `at` as an instant from which windows will be read. What is charged at that very
    // instant counts after it. REQUIRES: before the first job or charge, or at >= now().
    void mark(Instant at);
    // Forgets marks before `at`.
    void forget_before(Instant at);
    // REQUIRES: at >= now()
    void advance(Instant at);
    void charge(Cell cell, Wide amount) { cells_[cell].sum += amount; }
    // `rate` TRES for [start, end); may lie in the past, in part or wholly.
    void job(Cell cell, std::int64_t rate, Instant start, Instant end);

    Wide total(Cell cell) const; // up to now
    // In [begin, end), both marked: without what was charged at `end` itself. A mark that is not
    // known reads as the start.
    Wide between(Cell cell, Instant begin, Instant end) const;
    // From `begin`, marked, to now, with what was charged at this very instant.
    Wide since(Cell cell, Instant begin) const { return total(cell) - at_mark(cell, begin); }

private:
    struct Flow {
        Wide sum = 0;
        Wide rate = 0;
        Instant since{};
    };
    struct Event {
        Instant at;
        Cell cell;
        std::int64_t change;
        bool operator>(const Event& other) const { return at > other.at; }
    };
    void settle(Flow& flow, Instant at);
    Wide at_mark(Cell cell, Instant at) const;

    std::vector<Flow> cells_;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::map<Instant, std::vector<Wide>> marks_;
    Instant now_;
};

} // namespace sluice::policy
