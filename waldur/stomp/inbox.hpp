// SPDX-License-Identifier: GPL-2.0-or-later
// Messages that Waldur sends by its broker, who reads them, and who registers for them. A message
// stays with the broker until it is settled: after a crash it comes again.
#pragma once

#include "common/base/result.hpp"
#include "common/base/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::stomp {

// Which message of which connection: after the end of its connection a message cannot be settled.
struct InboxToken {
    std::uint64_t connection = 0;
    std::string id;
};

struct Incoming {
    InboxToken token;
    std::string kind;       // "resource", ... by its queue; "": it is in the body
    std::string body;       // as received; at most 1 MiB
    std::string fault = ""; // why the body could not be read, which is "" then; "": it was
};

enum class Ack {
    done, // its effect is in force, or it requests nothing
    bad,  // not readable: the broker must move it to the dead letters, not send it again
};

// Thread-safe.
class Inbox {
public:
    Inbox() = default;
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;
    virtual ~Inbox() = default;

    // Does nothing when the message's connection is gone.
    virtual void settle(const InboxToken& token, Ack outcome) = 0;
};

// Called on the inbox's thread: must not block.
class InboxReader {
public:
    InboxReader() = default;
    InboxReader(const InboxReader&) = delete;
    InboxReader& operator=(const InboxReader&) = delete;
    virtual ~InboxReader() = default;

    virtual void came(Inbox& from, Incoming message) = 0;
    virtual void connected(const Inbox& from) = 0;
    // The connection ended, or another attempt to make it failed. Messages that were not settled
    // come again. refused: the broker or Waldur refuses the login or the registration.
    virtual void away(const Inbox& from, const Error& error) = 0;
};

struct InboxQueue {
    std::string name;
    std::string kind; // of its messages; "": each states its own
};

struct InboxAccess {
    std::string login;
    Secret passcode;
    std::string vhost;
    std::vector<InboxQueue> queues;
};

// Thread-safe.
class Registrar {
public:
    Registrar() = default;
    Registrar(const Registrar&) = delete;
    Registrar& operator=(const Registrar&) = delete;
    virtual ~Registrar() = default;

    // For messages of these kinds. `refusals`: how many times in a row the broker refused the
    // result of this; with each, more of it is registered again. refused, malformed: by Waldur.
    virtual Result<InboxAccess> access(const std::vector<std::string>& kinds,
                                       std::size_t refusals) = 0;
    // A running call and each later one returns at once.
    virtual void interrupt() {}
};

} // namespace sluice::stomp
