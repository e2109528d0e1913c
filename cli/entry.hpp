// SPDX-License-Identifier: GPL-2.0-or-later
// What the subcommands by which staff enter something have in common: a reason, a dry run, and the
// cycle that follows.
#pragma once

#include "cli/report.hpp"

#include <string>

namespace sluice::cli {

enum class Method { post, remove };

// The verb of `sluice override set ...`: the first word, taken off. "": none of `known` ("set,
// list"), and complained about.
std::string take_verb(Parsed& parsed, const Subcommand& self,
                      std::span<const std::string_view> known);
// {"reason", "dry_run"}; complains and gives nothing without --reason.
std::optional<json::Value> entry_body(const Parsed& parsed);
// Sends it and shows `headline` (in the past tense, "Override 3 is set"; for a dry run `would`) and
// the cycle. Exit code.
struct Headline {
    std::string done;
    std::string would;
};
int enter(const Parsed& parsed, Method method, const std::string& path, const json::Value& body,
          const Headline& headline);

} // namespace sluice::cli
