// SPDX-License-Identifier: GPL-2.0-or-later
// What the subcommands that change something have in common: a verb, a reason, a dry run, and the
// evaluation that follows.
#pragma once

#include "cli/report.hpp"

#include <string>

namespace sluice::cli {

// The verb of `sluice override set ...`: the first word, removed; "list" for --helpformat. "": none
// of `known`, and an error was printed.
std::string take_verb(Parsed& parsed, std::span<const std::string_view> known);
// {"reason", "dry_run"}; prints an error and returns nothing without --reason.
std::optional<json::Value> entry_body(const Parsed& parsed);

enum class Method { post, put, patch, remove };

// What was done, "Override # is set" ('#' becomes the entry's number), or with --dry-run would be;
// "" for an evaluation alone.
struct Headline {
    std::string done;
    std::string would;
};
// Sends the request; prints the headline and the evaluation that followed: the accounts named in
// the options, else those that changed or failed, with commands and problems. Returns the exit
// code.
int enter(const Parsed& parsed, Method method, const std::string& path, const json::Value& body,
          const Headline& headline = {});

} // namespace sluice::cli
