// SPDX-License-Identifier: GPL-2.0-or-later
// The course of every subcommand that asks the daemon once and prints a table or JSON.
#pragma once

#include "cli/report.hpp"

#include <functional>

namespace sluice::cli {

// What a subcommand can show, and where it asks.
struct Listing {
    std::span<const Column> columns;
    const char* shown; // columns without --format
    std::string path;
};

// Asks, and hands a good answer with the empty table to `show`; with --json the answer is printed
// as it came. Returns the exit status.
using Show = std::function<int(const Parsed&, const json::Value&, Table)>;
int run_listing(const Parsed& parsed, const Listing& listing, const Parameters& query,
                const Show& show);

// The same where the answer is a list of records below `key`, a row each.
using Fill = std::function<Row(json::View record, bool exact)>;
int run_records(const Parsed& parsed, const Listing& listing, const Parameters& query,
                const char* key, const Fill& fill);

} // namespace sluice::cli
