// SPDX-License-Identifier: GPL-2.0-or-later
// What the subcommands that ask the daemon have in common: ask, show warnings, print JSON or a
// table.
#pragma once

#include "cli/client.hpp"
#include "cli/options.hpp"
#include "cli/table.hpp"

#include <span>
#include <string>
#include <vector>

namespace sluice::cli {

// A table that is being made: chosen columns are known before the daemon is asked, so that a typing
// error in --format costs no request.
struct Table {
    std::span<const Column> catalogue;
    std::vector<Chosen> chosen;
    Style style;
    std::vector<Row> rows;

    bool exact() const { return style.separation != Separation::columns; }
    std::string text() const { return render(catalogue, chosen, rows, style); }
};

// The daemon, about the cluster that the command is about.
Client client(const Context& context);

// The columns of --format, else of this default.
Result<Table> sheet(const Parsed& parsed, std::span<const Column> catalogue,
                    const char* default_format);

// Handles --helpformat. True: printed, nothing left to do.
bool helped(const Parsed& parsed, std::span<const Column> catalogue);

// GET; checks -M; shows the answer's warnings (unless --json) on stderr.
Result<json::Value> ask(const Parsed& parsed, const std::string& path,
                        const Parameters& parameters = {});
// Unless --json: no text of the answer breaks the line that it will stand in.
void for_people(const Parsed& parsed, json::Value& answer);
// account=a,b when accounts are named; limit=N when given.
Parameters parameters(const Options& options);
int print_json(const Parsed& parsed, const json::Value& answer);
// A remark under or above a table; not with -n, -p, -P or -Q.
void remark(const Parsed& parsed, const std::string& text);

} // namespace sluice::cli
