// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon of one cluster shows: a view of the loop. Decides nothing and waits for nothing.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/core/loop.hpp"
#include "daemon/ports/status.hpp"

#include <string>

namespace sluice::core {

struct Identity {
    std::string version;
    std::string config_file;
    Instant started{};
};

class DaemonStatus final : public ports::Status {
public:
    // All must outlive it. Without `backups` no backup is reported.
    DaemonStatus(Identity identity, Loop& loop, const Sources& sources,
                 const ports::Publisher& publisher, const ports::Backups* backups = nullptr)
        : identity_(std::move(identity)), loop_(loop), sources_(sources), publisher_(publisher),
          backups_(backups) {}

    // "": the file that was read last is good.
    void set_config_error(std::string error) { *config_error_.lock() = std::move(error); }

    ports::DaemonInfo info() const override;
    std::shared_ptr<const ports::CycleReport> last_cycle() const override {
        return loop_.shown().report;
    }
    std::optional<ports::UnderWay> under_way() const override { return loop_.under_way(); }
    std::vector<ports::CycleSummary> cycles() const override { return loop_.cycles(); }
    Result<std::vector<std::string>> explain(const std::string& account) const override;
    Result<model::Preview> preview(const model::PreviewInput& input) const override;
    std::shared_ptr<const admission::SnapshotView> quote_view() const override;
    ports::PluginServerStatus plugin_server() const override;
    std::shared_ptr<const model::PolicySet> policies() const override;

private:
    Identity identity_;
    Loop& loop_;
    const Sources& sources_;
    const ports::Publisher& publisher_;
    const ports::Backups* backups_;
    mutable Guarded<std::string> config_error_;
    struct QuoteView {
        Loop::Report report; // that it was made of
        std::shared_ptr<const admission::SnapshotView> view;
    };
    mutable Guarded<QuoteView> quote_view_;
};

} // namespace sluice::core
