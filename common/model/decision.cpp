// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/model/decision.hpp"

#include <algorithm>

namespace sluice::model {
namespace {

// An override says how the account stands: its usage warns of nothing.
bool is_warned(const AccountDecision& account) {
    return account.notify_reached && (account.error.empty() || account.by_last_rules()) &&
           account.cause.kind != CauseKind::override_;
}

} // namespace

std::string_view standing_word(const AccountDecision& account) {
    const Standing holds = standing(account.enforced);
    const bool warned = holds == Standing::normal && account.mode == Mode::enforce;
    return warned && is_warned(account) ? "warned" : name(holds);
}

std::string_view would_be(const AccountDecision& account) {
    if (account.mode == Mode::enforce)
        return "";
    const Standing wanted = standing(account.flags);
    const Standing holds = standing(account.enforced);
    if (wanted > holds)
        return name(wanted);
    return holds == Standing::normal && is_warned(account) ? "warned" : "";
}

std::string standing_text(const AccountDecision& account) {
    const bool held = standing(account.enforced) != Standing::normal;
    const auto other = would_be(account);
    return held || other.empty() ? std::string(standing_word(account))
                                 : "would be " + std::string(other);
}

std::string standing_text(const AccountDecision& account, Flags flags) {
    const Standing stood = standing(flags);
    const bool applied =
        account.mode == Mode::enforce || standing(account.enforced) != Standing::normal;
    return (applied || stood == Standing::normal ? "" : "would be ") + std::string(name(stood));
}

const AccountDecision* Decision::find(const std::string& account) const {
    const auto at = std::lower_bound(
        accounts.begin(), accounts.end(), account,
        [](const AccountDecision& one, const std::string& name) { return one.account < name; });
    return at != accounts.end() && at->account == account ? &*at : nullptr;
}

const AccountDecision& Decision::source(const AccountDecision& account) const {
    const auto* above =
        account.cause.kind == CauseKind::ancestor ? find(account.cause.account) : nullptr;
    return above != nullptr ? *above : account;
}

} // namespace sluice::model
