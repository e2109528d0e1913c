// SPDX-License-Identifier: GPL-2.0-or-later
// From the daemon's publish() to the plugin's submit path, over a socket and a munged of its own:
// a whole snapshot of 100,000 accounts with budgets, then changes of few of them.
//
//   make bench && tests/bench/bench_plugin_server
#include "common/wire/image.hpp"
#include "tests/support/plugin_link.hpp"

#include <cstdio>

using namespace sluice;

namespace {

constexpr int kAccounts = 100'000;

std::size_t delta_bytes(const model::Snapshot& from, const model::Snapshot& to) {
    const auto bytes = wire::encode_delta(wire::difference(from, to));
    return bytes ? bytes->size() : 0;
}

} // namespace

int main() {
    auto snapshot = test::large_snapshot(kAccounts);
    test::GateLink bench;
    if (!bench.start())
        return 1;
    const auto image = wire::encode_image(snapshot);
    std::printf("# %d accounts and users, three budgets each\n", kAccounts);
    std::printf("# what                bytes   seconds\n");
    std::printf("%-16s %10zu  %8.3f\n", "whole", image ? image->size() : 0,
                bench.publish(snapshot).value_or(-1));
    for (const int changes : {1, 100, 1'000, 10'000}) {
        auto next = snapshot;
        for (int i = 0; i < changes; ++i)
            ++next.accounts[static_cast<std::size_t>(i) * 7].budgets[0].left;
        const std::size_t bytes = delta_bytes(snapshot, next);
        std::printf("%-6d changed   %10zu  %8.3f\n", changes, bytes,
                    bench.publish(next).value_or(-1));
        snapshot = std::move(next);
    }
    return 0;
}
