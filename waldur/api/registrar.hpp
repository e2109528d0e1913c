// SPDX-License-Identifier: GPL-2.0-or-later
// Registers for messages at Waldur's broker: an event subscription with a queue for each kind of
// message, or one queue for all. The registration is kept over restarts: Waldur removes none by
// itself, and messages wait in a queue while sluiced is down.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/ports/notes.hpp"
#include "waldur/api/api.hpp"
#include "waldur/stomp/inbox.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::waldur {

class QueueRegistrar final : public stomp::Registrar {
public:
    // `version`: of sluiced.
    QueueRegistrar(const ApiOptions& options, bool unified, std::string version,
                   ports::Notes& notes, const Clock& clock);

    Result<stomp::InboxAccess> access(const std::vector<std::string>& kinds,
                                      std::size_t refusals) override;
    // Whether the queue is registered by this or an earlier run. From any thread.
    bool owns(const std::string& queue);
    void interrupt() override { api_.interrupt(); }

private:
    // A registration.
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
    // By kind, or "unified". Its lock is held during calls and also guards api_ and read_.
    Guarded<std::map<std::string, Place>> kept_;
    Api api_;
    bool read_ = false; // the notes
};

} // namespace sluice::waldur
