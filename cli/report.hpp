// SPDX-License-Identifier: GPL-2.0-or-later
// What the subcommands that ask the daemon have in common: ask, show warnings, print JSON or a
// table.
#pragma once

#include "cli/client.hpp"
#include "cli/options.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace sluice::cli {

// The daemon, about the cluster that the command is about.
Client client(const Context& context);
// GET; checks -M; shows the answer's warnings (unless --json) on stderr.
Result<json::Value> ask(const Parsed& parsed, const std::string& path,
                        const Parameters& parameters = {});
// In which people read the instants of the answer: that of the policies.
Zone zone_of(const json::Value& answer);
// Unless --json: makes the texts of the answer printable, each within its line.
void for_people(const Parsed& parsed, json::Value& answer);
// account=a,b when accounts are named; limit=N, start= and end= when given.
Parameters parameters(const Options& options);
int print_json(const Parsed& parsed, const json::Value& answer);
// What --helpformat prints.
int print_fields(const Parsed& parsed, std::span<const Column> columns);
// Problems that differ in the account only.
struct ProblemGroup {
    std::string account; // the first; "": not of one account
    std::string what;
    std::string remedy;
    std::int64_t count = 0;

    std::string others() const; // " and 6 more accounts", or ""
};
std::vector<ProblemGroup> problem_groups(const std::vector<json::View>& problems);
// The problems of an evaluation, indented, with their remedies; at most 20 groups and a count.
std::string problem_lines(const json::Value& answer);
// A remark under or above a table; not with -n, -p, -P or -Q.
void remark(const Parsed& parsed, const std::string& text);

// The columns of --format, else those of `shown`.
Result<Table> table(const Parsed& parsed, std::span<const Column> columns, const char* shown);

void print_table(const Parsed& parsed, const Table& table);

// What a subcommand can show, and where it asks.
struct Listing {
    std::span<const Column> columns;
    const char* shown; // columns without --format
    std::string path;
    Fit fit = {}; // of these columns
};

// Asks, and hands a good answer with the empty table to `show`; with --json the answer is printed
// as received. --helpformat and a typing error in --format cost no request. Returns the exit code.
using Show = std::function<int(const Parsed&, const json::Value&, Table)>;
int run_listing(const Parsed& parsed, const Listing& listing, const Parameters& query,
                const Show& show);
// The same where the answer is a list of records below `key`, one row each.
int run_records(const Parsed& parsed, const Listing& listing, const Parameters& query,
                const char* key);

} // namespace sluice::cli
