// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/meter.hpp"

#include <algorithm>

namespace sluice::policy {

void Meter::settle(Flow& flow, Instant at) {
    flow.sum += flow.rate * (at - flow.since).count();
    flow.since = at;
}

void Meter::advance(Instant at) {
    while (!events_.empty() && events_.top().at <= at) {
        const Event event = events_.top();
        events_.pop();
        Flow& flow = cells_[event.cell];
        settle(flow, event.at);
        flow.rate += event.change;
    }
    now_ = at;
}

void Meter::mark(Instant at) {
    if (at >= now_)
        advance(at);
    std::vector<Wide> sums(cells_.size(), 0);
    if (at >= now_)
        for (Cell cell = 0; cell < cells_.size(); ++cell)
            sums[cell] = total(cell);
    marks_.try_emplace(at, std::move(sums));
}

void Meter::forget_before(Instant at) {
    marks_.erase(marks_.begin(), marks_.lower_bound(at));
}

void Meter::job(Cell cell, std::int64_t rate, Instant start, Instant end) {
    if (end <= start || rate == 0)
        return;
    // The part that is over already, also in the windows that were marked meanwhile.
    const auto before = [&](Instant at) {
        const auto span = std::min(at, end) - start;
        return span.count() > 0 ? Wide{rate} * span.count() : Wide{0};
    };
    for (auto& [at, sums] : marks_)
        sums[cell] += before(at);
    cells_[cell].sum += before(now_);
    if (end <= now_)
        return;
    if (start <= now_) {
        settle(cells_[cell], now_);
        cells_[cell].rate += rate;
    } else {
        events_.push({start, cell, rate});
    }
    events_.push({end, cell, -rate});
}

Wide Meter::total(Cell cell) const {
    const Flow& flow = cells_[cell];
    return flow.sum + flow.rate * (now_ - flow.since).count();
}

Wide Meter::at_mark(Cell cell, Instant at) const {
    const auto found = marks_.find(at);
    return found == marks_.end() ? Wide{0} : found->second[cell];
}

Wide Meter::between(Cell cell, Instant begin, Instant end) const {
    return at_mark(cell, end) - at_mark(cell, begin);
}

} // namespace sluice::policy
