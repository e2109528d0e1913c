// SPDX-License-Identifier: GPL-2.0-or-later
// Refusals and warnings in the site's own words (`texts` of sluiced.yaml), else in the built-in
// ones.
#pragma once

#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/policy.hpp"
#include "common/policy/refusal.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::policy {

// At most model::kTextMost bytes a text. The site's own words have no contact beside them: where
// they have the placeholder, the contact is in the text.
class Wording {
public:
    // `set` and `zone` outlive it.
    Wording(const model::PolicySet& set, const Zone& zone, std::string cluster);

    // `account` is the one that was named at submission: `decision`'s own, or one below it.
    // `cause`: the ancestor whose standing it is, or nullptr.
    UserText refusal(const model::AccountDecision& decision, const std::string& account,
                     const model::AccountDecision* cause) const;
    UserText warning(const model::AccountDecision& decision, const std::string& account) const;

private:
    using Pattern = std::vector<FillPiece>; // empty: the built-in text
    struct Patterns {
        Pattern refusal;
        Pattern warning;
    };
    // Of the first of the account's policies that has one.
    const Pattern* pattern(const model::AccountDecision& decision, Pattern Patterns::*which) const;
    std::string filled(const Pattern& pattern, const model::AccountDecision& source,
                       const std::string& account) const;

    const Zone& zone_;
    std::string cluster_;
    std::unordered_map<std::string_view, Patterns> by_policy_;
};

// What one of model::kPlaceholders stands for where the text is about `account` itself;
// printable().
std::string placeholder_text(std::string_view name, const Zone& zone, const std::string& cluster,
                             const model::AccountDecision& account);

} // namespace sluice::policy
