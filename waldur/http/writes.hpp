// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's requests that set policies: their fields as keys of a policy beside the file. What
// Waldur's clients do not know (version, reason) is taken from what is in force.
#pragma once

#include "waldur/http/context.hpp"

#include <functional>
#include <memory>
#include <string>

namespace sluice::http::waldur {

// nullptr: none of this name.
const model::Policy* policy_named(const Context& context, const std::string& name);

// Sets the rule and answers as Waldur does: with the policy as it is then (`show`), or with
// nothing.
using Show = Response (*)(const Context& context, const std::string& name);
struct Writer {
    std::function<std::shared_ptr<const KnownIds>()> known;
    Show show;

    Response create(const Call& call) const;
    Response replace(const Call& call) const;
    Response merge(const Call& call) const;
    Response remove(const Call& call) const;

private:
    Response write(const Call& call, const std::string& name, ports::RuleChange change) const;
    Response write_existing(const Call& call, bool merge) const;
};

} // namespace sluice::http::waldur
