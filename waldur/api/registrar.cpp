// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/api/registrar.hpp"

#include "common/base/text.hpp"
#include "waldur/api/api.hpp"
#include "waldur/api/offering.hpp"

#include <algorithm>

#include <span>

namespace sluice::waldur {
namespace {

constexpr const char* kSubscriptions = "/api/event-subscriptions/";
constexpr const char* kNote = "waldur-queue"; // kind:offering -> "LOGIN VHOST QUEUE"
constexpr const char* kUnified = "unified";
constexpr std::size_t kMaxQueueName = 255; // of a queue; a limit of AMQP

// It goes into a STOMP header and a line of notes.
bool is_name(const std::string& text) {
    if (text.empty() || text.size() > kMaxQueueName)
        return false;
    for (const char c : text)
        if (c <= ' ' || c >= '\x7f')
            return false;
    return true;
}

} // namespace

QueueRegistrar::QueueRegistrar(const ApiOptions& options, bool unified, std::string version,
                               ports::Notes& notes, const Clock& clock)
    : offering_(options.offering), unified_(unified), version_(std::move(version)), notes_(notes),
      api_(options, clock) {}

Result<stomp::InboxAccess> QueueRegistrar::access(const std::vector<std::string>& kinds,
                                                  std::size_t refusals) {
    const auto place = this->place(kinds, refusals);
    if (!place)
        return place.error();
    auto kept = kept_.lock();
    auto token = api_.token();
    if (!token)
        return token.error();
    stomp::InboxAccess access;
    access.login = place->login;
    access.passcode = std::move(*token);
    access.vhost = place->vhost;
    access.queues = {{place->queue, unified_ ? "" : kinds.front()}};
    return access;
}

Result<QueueRegistrar::Place> QueueRegistrar::place(const std::vector<std::string>& kinds,
                                                    std::size_t refusals) {
    if (kinds.empty() || (!unified_ && kinds.size() != 1))
        return Error{Errc::internal, "a subscription is for one kind of message"};
    auto kept = kept_.lock();
    read_notes(*kept);
    const std::string kind = unified_ ? kUnified : kinds.front();
    const std::string key = kind + ':' + offering_;
    const auto found = kept->find(key);
    const Place* before = found == kept->end() ? nullptr : &found->second;
    if (before != nullptr && refusals == 0)
        return *before;
    auto place = unified_ ? unified_queue(kinds) : subscription(kind, before, refusals);
    if (!place)
        return place;
    (*kept)[key] = *place;
    const ports::Note note{kNote, key, place->login + ' ' + place->vhost + ' ' + place->queue};
    // Without the note a restart makes a new one: a stale subscription in Waldur, no harm here.
    (void)notes_.put(std::span(&note, 1));
    return place;
}

bool QueueRegistrar::owns(const std::string& queue) {
    auto kept = kept_.lock();
    read_notes(*kept);
    return std::any_of(kept->begin(), kept->end(),
                       [&](const auto& place) { return place.second.queue == queue; });
}

void QueueRegistrar::read_notes(std::map<std::string, Place>& kept) {
    if (read_)
        return;
    const auto notes = notes_.notes(kNote);
    if (!notes)
        return;
    read_ = true;
    for (const auto& [key, value] : *notes)
        if (const auto words = split(value, ' '); words.size() == 3)
            kept.emplace(key, Place{words[0], words[1], words[2]});
}

// Refused once: perhaps only the queue is gone. Twice: the subscription is not what it was.
Result<QueueRegistrar::Place>
QueueRegistrar::subscription(const std::string& kind, const Place* kept, std::size_t refusals) {
    if (kept != nullptr && refusals < 2) {
        Place place = *kept;
        const auto created = create_queue(kind, place);
        if (created)
            return place;
        if (created.error().code != Errc::not_found)
            return created.error();
    } else if (kept != nullptr) {
        (void)api_.send("DELETE", kSubscriptions + dashed(kept->login) + '/',
                        json::Value::object());
    }
    return subscribe(kind);
}

Result<QueueRegistrar::Place> QueueRegistrar::subscribe(const std::string& kind) {
    const auto identity = this->identity();
    if (!identity)
        return identity.error();
    auto body = json::Value::object();
    body.set("observable_object_type", kind).set("description", "Sluice: " + kind);
    const auto answer =
        post(kIdentities + dashed(*identity) + "/register_event_subscription/", body);
    if (!answer)
        return answer.error();
    Place place;
    place.login = uuid_of((*answer)["uuid"].text());
    place.vhost = uuid_of((*answer)["user_uuid"].text());
    if (place.login.empty() || place.vhost.empty())
        return Error{Errc::malformed,
                     "waldur: register_event_subscription answered without uuid or user_uuid"};
    if (const auto created = create_queue(kind, place); !created)
        return created.error();
    return place;
}

Result<void> QueueRegistrar::create_queue(const std::string& kind, Place& place) {
    auto body = json::Value::object();
    body.set("offering_uuid", dashed(offering_)).set("object_type", kind);
    const auto answer = post(kSubscriptions + dashed(place.login) + "/create_queue/", body);
    if (!answer)
        return answer.error();
    const std::string vhost = (*answer)["vhost"].text();
    const std::string queue = (*answer)["queue_name"].text();
    if (!vhost.empty())
        place.vhost = vhost;
    place.queue = queue.empty()
                      ? "subscription_" + place.login + "_offering_" + offering_ + '_' + kind
                      : queue;
    if (!is_name(place.vhost) || !is_name(place.queue))
        return Error{Errc::malformed, "waldur: create_queue answered without a usable name"};
    return {};
}

// Calling it again gives the same queue and gives the broker today's token.
Result<QueueRegistrar::Place> QueueRegistrar::unified_queue(const std::vector<std::string>& kinds) {
    const auto identity = this->identity();
    if (!identity)
        return identity.error();
    auto body = json::Value::object();
    body.set("object_types", kinds);
    const auto answer = post(kIdentities + dashed(*identity) + "/register_queue/", body);
    if (!answer)
        return answer.error();
    Place place{(*answer)["rmq_username"].text(), (*answer)["vhost"].text(),
                (*answer)["queue_name"].text()};
    if (!is_name(place.login) || !is_name(place.vhost) || !is_name(place.queue))
        return Error{Errc::malformed, "waldur: register_queue answered without a usable name"};
    return place;
}

Result<std::string> QueueRegistrar::identity() {
    const std::string name = "sluice-" + dashed(offering_);
    std::string uuid;
    if (const auto fault = find_identity(api_, name, uuid))
        return fault->error;
    if (!uuid.empty())
        return uuid;
    auto body = json::Value::object();
    body.set("offering", dashed(offering_))
        .set("name", name)
        .set("version", version_)
        .set("dependencies", json::Value::array());
    const auto answer = post(kIdentities, body);
    if (!answer)
        return answer.error();
    uuid = uuid_of((*answer)["uuid"].text());
    if (uuid.empty())
        return Error{Errc::malformed, "waldur: the new identity has no uuid"};
    return uuid;
}

Result<json::Value> QueueRegistrar::post(const std::string& path, const json::Value& body) {
    auto called = api_.send("POST", path, body);
    if (called.fault)
        return std::move(called.fault->error).in(path);
    return std::move(called.value);
}

} // namespace sluice::waldur
