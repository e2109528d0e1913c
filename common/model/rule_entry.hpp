// SPDX-License-Identifier: GPL-2.0-or-later
// A policy or an allocation that staff set in the running daemon: the map that would be in
// sluiced.yaml, as text. The journal keeps it; the reader of the file reads it.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::model {

enum class RuleKind { policy, allocation };

constexpr const char* name(RuleKind kind) {
    return kind == RuleKind::policy ? "policy" : "allocation";
}

struct RuleEntry {
    RuleKind kind = RuleKind::policy;
    std::string name;         // of the policy; allocation: of the account, in lower case
    std::string text;         // YAML: an item of `policies`, or the value of an account
    std::int64_t version = 0; // from 1; a removal is a version, too
};

} // namespace sluice::model
