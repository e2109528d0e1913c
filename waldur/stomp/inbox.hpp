// SPDX-License-Identifier: GPL-2.0-or-later
// Port: messages that Waldur sends of its own accord, and who says where they are fetched. A
// message stays with the broker until it is settled: what a crash keeps from being settled comes
// again.
#pragma once

#include "common/base/result.hpp"
#include "common/base/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::stomp {

// Which message of which connection: one of a connection that is gone is no longer ours to settle.
struct InboxToken {
    std::uint64_t connection = 0;
    std::string id;
};

struct Incoming {
    InboxToken token;
    std::string kind;       // "resource", ... by its queue; "": the body says it
    std::string body;       // as it came; at most a megabyte
    std::string fault = ""; // set: why it could not be taken; the body is "" then
};

enum class Ack {
    done, // its effect is there, or it asks for nothing
    bad,  // it will never be understood: to be parked by the broker, not sent again
};

// Thread-safe.
class Inbox {
public:
    Inbox() = default;
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;
    virtual ~Inbox() = default;

    // Does nothing when the message's connection is gone.
    virtual void settle(const InboxToken& token, Ack verdict) = 0;
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
    // The connection ended, or one more try of making it failed. What was not settled comes again.
    // refused: the broker or Waldur will not have us.
    virtual void away(const Inbox& from, const Error& error) = 0;
};

struct InboxQueue {
    std::string name;
    std::string kind; // what is in it; "": its messages say so
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

    // For messages of these kinds. `refusals`: how many times in a row the broker refused what this
    // gave for them; with each, more of it is made anew. refused, malformed: Waldur will not.
    virtual Result<InboxAccess> access(const std::vector<std::string>& kinds,
                                       std::size_t refusals) = 0;
    // A call that runs, and each one after, returns at once.
    virtual void interrupt() {}
};

} // namespace sluice::stomp
