// SPDX-License-Identifier: GPL-2.0-or-later
// Stands for waldur/waldur.hpp after configure --disable-waldur: rules come from sluiced.yaml only.
// A file with the key `waldur` is refused (common/settings).
#pragma once

#include "daemon/core/loop.hpp"
#include "daemon/core/sources.hpp"
#include "daemon/http/server/router.hpp"
#include "daemon/ports/emulated_slurm.hpp"
#include "daemon/storage/journal.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sluice {

class WaldurModule {
public:
    WaldurModule(const settings::WaldurSettings&, storage::SqliteJournal&, core::Sources&,
                 const Clock&) {}

    std::shared_ptr<const core::Rules> load(std::shared_ptr<const core::Rules> file) {
        return file;
    }
    void attach(core::Loop& loop) { loop_ = &loop; }
    void start() {}
    void use_file(std::shared_ptr<const core::Rules> file) { loop_->use(std::move(file)); }
    std::shared_ptr<const core::Rules>
    rules_with(const std::shared_ptr<const core::Rules>& file) const {
        return file;
    }
    bool stop(std::chrono::milliseconds) { return true; }
    std::vector<http::Route> routes() const { return {}; }
    static std::unique_ptr<ports::EmulatedSlurm> emulator(ports::Accounting&, const std::string&) {
        return nullptr;
    }

private:
    core::Loop* loop_ = nullptr;
};

} // namespace sluice
