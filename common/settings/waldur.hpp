// SPDX-License-Identifier: GPL-2.0-or-later
// The `waldur:` block of sluiced.yaml as values. Names the files of secrets but does not open them:
// they are read when they are used, so that a changed token needs no restart.
#pragma once

#include "common/base/secret.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sluice::settings {

// Reports to Waldur. A report that a site agent already sends is switched off here.
struct WaldurPushes {
    bool flags = true;           // set_paused, set_downscaled
    bool command_results = true; // report-command-result
    bool usage = true;           // set_usage, per component and month
    bool user_usage = true;      // set_user_usages
    bool metadata = true;        // set_backend_metadata
    bool identity = true;        // agent, service, processor, statistics

    friend bool operator==(const WaldurPushes&, const WaldurPushes&) = default;
};

// A secret from the file itself or from a file of its own; at most one of them is set.
struct SecretSource {
    std::shared_ptr<const Secret> inline_text;
    std::string file;

    bool empty() const { return inline_text == nullptr && file.empty(); }
    friend bool operator==(const SecretSource& a, const SecretSource& b) {
        const auto text = [](const SecretSource& s) {
            return s.inline_text == nullptr ? std::string_view() : s.inline_text->reveal();
        };
        return a.file == b.file && text(a) == text(b);
    }
};

// Messages that Waldur sends of its own accord, through its STOMP broker.
struct WaldurEvents {
    enum class Transport { websocket, tcp };
    enum class Registration {
        subscriptions, // an event subscription and a queue for each type of message
        unified,       // one queue for all
    };
    bool enabled = false;
    Transport transport = Transport::websocket;
    Registration registration = Registration::subscriptions;
    bool tls = true;
    std::string host; // always set when enabled
    unsigned port = 0;
    std::string path = "/rmqws-stomp"; // of the WebSocket

    friend bool operator==(const WaldurEvents&, const WaldurEvents&) = default;
};

// An offering of Waldur, and the policy of sluiced.yaml for its accounts.
struct WaldurOffering {
    std::string uuid;   // 32 hex digits
    std::string policy; // "": the only policy; Waldur's is laid over it, or over a new one

    friend bool operator==(const WaldurOffering&, const WaldurOffering&) = default;
};

struct WaldurSettings {
    enum class Source { file, waldur };      // where allocations and the policy come from
    enum class Authority { sluice, waldur }; // who decides on pausing and downscaling

    bool enabled = false;
    std::string url; // without "/api/" at its end: "https://waldur.example.org"
    std::vector<WaldurOffering> offerings; // not empty when enabled
    bool verify_ssl = true;
    std::string ca_file; // "": the host's own
    SecretSource token;
    std::string oidc_token_url; // "": the token is used
    std::string oidc_client_id;
    SecretSource oidc_client_secret;
    Source source = Source::file;
    Authority authority = Authority::sluice;
    std::chrono::seconds interval{300};
    WaldurPushes push;
    WaldurEvents events;
    std::string
        emulator; // changes go there instead of Slurm: "http://localhost:8080"; "": to Slurm

    friend bool operator==(const WaldurSettings&, const WaldurSettings&) = default;
};

} // namespace sluice::settings
