// SPDX-License-Identifier: GPL-2.0-or-later
// What a submitter reads: the refusal of a paused account, the warning of a downscaled or nearly
// used up one. The site's own words (`texts` of sluiced.yaml), else the built-in ones: one line a
// fact.
#pragma once

#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/policy.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::format {

// At most kMaxTextBytes bytes with " Ask CONTACT for more.", which the plugin adds. The site's own
// words have no contact beside them: where they have the placeholder, the contact is in the text.
struct UserText {
    std::string text;
    std::string contact; // "": `text` is complete
};

class SubmitTexts {
public:
    // `set` and `zone` outlive it.
    SubmitTexts(const model::PolicySet& set, const Zone& zone, std::string cluster);

    // `account`: the one named at submission. `source`: the decision that pauses it, its own or
    // that of an account above it.
    UserText refusal(const model::AccountDecision& source, const std::string& account) const;
    // `source`: the decision that slows it down, its own or that of an account above it; `qos`:
    // what its jobs run with, "": it is not slowed down.
    UserText warning(const model::AccountDecision& source, const std::string& account,
                     const std::string& qos) const;

private:
    using Template = std::vector<FillPiece>; // empty: the built-in text
    struct Templates {
        Template refusal;
        Template warning;
    };
    // By the template of the first of the account's policies that has one; nullopt: none has.
    std::optional<UserText> own(Template Templates::*which, const model::AccountDecision& source,
                                const std::string& account) const;

    const Zone& zone_;
    std::string cluster_;
    std::unordered_map<std::string_view, Templates> by_policy_;
};

} // namespace sluice::format
