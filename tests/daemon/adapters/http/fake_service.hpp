// SPDX-License-Identifier: GPL-2.0-or-later
// A service with a fixed small cluster, for the tests of the HTTP adapter and of the command line.
#pragma once

#include "daemon/ports/service.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace sluice::test {

inline constexpr std::uint32_t kAlice = 20001; // in optics, below physics
inline constexpr std::uint32_t kBob = 20002;   // in chem
inline constexpr std::int64_t kNow = 1795395000;

ports::TurnReport sample_turn();

class FakeService final : public ports::Service {
public:
    FakeService();

    ports::DaemonInfo info() const override;
    std::shared_ptr<const ports::TurnReport> last_turn() const override;
    Result<std::shared_ptr<const ports::TurnReport>>
    evaluate(const ports::EvaluateRequest& request) override;
    Result<std::vector<std::string>> explain(const std::string& account) const override;
    Result<std::vector<ports::EvaluationRecord>> evaluations(const ports::Query& query) override;
    Result<std::vector<ports::CommandRecord>> commands(const ports::Query& query) override;
    ports::GateStatus gate() const override;

    // To be set before the server starts.
    std::shared_ptr<const ports::TurnReport> turn;
    ports::DaemonInfo daemon;
    bool journal_away = false;
    bool plugins = true;
    // evaluate() waits while held.
    void hold();
    void let_go();
    std::atomic<int> evaluating{0};
    std::atomic<int> evaluated{0};

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    bool held_ = false;
};

} // namespace sluice::test
