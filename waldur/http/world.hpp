// SPDX-License-Identifier: GPL-2.0-or-later
// What the routes with Waldur's shapes have in common: which policies and resources a caller may
// name, Django REST's pages and its words for what is wrong with a body.
#pragma once

#include "waldur/http/render.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::http {

inline constexpr std::size_t kMaxLogs = 100; // of evaluations and commands

struct World {
    std::shared_ptr<const model::PolicySet> set;
    ports::DaemonInfo info;
    waldur::Names names;
    CyclePtr cycle;
    Visible visible;

    explicit World(const Call& call);

    // Policies are seen by those who see an account of theirs.
    bool shows(const model::Policy& policy) const;
    // nullptr: none of this UUID, or not for this viewer.
    const model::Policy* policy(std::string_view uuid) const;
    // Accounts that the policy judges and the viewer sees; `uuid` of one, or "" for all.
    std::vector<std::string> accounts(const model::Policy& policy, const std::string& uuid) const;
};

// {"resource_uuid": ["Must be a valid UUID."]}
Response field_failure(std::string_view field, std::string_view what);
Response not_found();

// "" without.
std::string query(const Call& call, const char* key);
// ?field=a&field=b cuts the objects, as in Waldur.
json::Value cut(json::Value value, const Call& call);
// A page of rendered objects, as a bare array.
Response paged(const Call& call, std::vector<json::Value> all, std::size_t size_without);

// A request's body: an object, {} for none, else what to answer.
struct Body {
    json::Value object;
    std::optional<Response> refusal;
};
Body body_of(const Call& call);

} // namespace sluice::http
