// SPDX-License-Identifier: GPL-2.0-or-later
// Asks Waldur for a place at its broker: an event subscription with a queue for each kind of
// message, or one queue for all. What was given is kept over restarts: Waldur forgets no
// subscription by itself, and messages wait in a queue while we are down.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/ports/inbox.hpp"
#include "daemon/ports/notes.hpp"
#include "waldur/api/api.hpp"
#include "waldur/api/portal.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::waldur {

class WaldurRegistrar final : public ports::Registrar {
public:
    // `version`: of sluiced.
    WaldurRegistrar(const PortalOptions& options, bool unified, std::string version,
                    ports::Notes& notes, const Clock& clock);

    Result<ports::InboxAccess> access(const std::vector<std::string>& kinds,
                                      std::size_t refusals) override;
    void interrupt() override { api_.interrupt(); }

private:
    // What Waldur gave.
    struct Place {
        std::string login;
        std::string vhost;
        std::string queue;
    };

    Result<Place> place(const std::vector<std::string>& kinds, std::size_t refusals);
    Result<Place> subscription(const std::string& kind, const Place* kept, std::size_t refusals);
    Result<Place> subscribe(const std::string& kind);
    Result<void> create_queue(const std::string& kind, Place& place);
    Result<Place> unified_queue(const std::vector<std::string>& kinds);
    Result<std::string> identity();
    Result<json::Value> post(const std::string& path, const json::Value& body);
    void read_notes(std::map<std::string, Place>& kept);

    const std::string offering_;
    const bool unified_;
    const std::string version_;
    ports::Notes& notes_;
    // By kind, or "unified". Its lock is held over calls, for what stands below it, too.
    Guarded<std::map<std::string, Place>> kept_;
    Api api_;
    bool read_ = false; // the notes
};

} // namespace sluice::waldur
