// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/listing.hpp"

#include <utility>

namespace sluice::cli {

int run_listing(const Parsed& parsed, const Listing& listing, const Parameters& query,
                const Show& show) {
    auto table = sheet(parsed, listing.columns, listing.shown);
    if (!table)
        return complain(parsed.context, table.error());
    const auto answer = ask(parsed, listing.path, query);
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    return show(parsed, *answer, std::move(*table));
}

int run_records(const Parsed& parsed, const Listing& listing, const Parameters& query,
                const char* key, const Fill& fill) {
    return run_listing(parsed, listing, query,
                       [&](const Parsed& shown, const json::Value& answer, Table sheet) {
                           for (const auto& record : answer[key].items())
                               sheet.rows.push_back(fill(record, sheet.exact()));
                           print(shown.context, sheet.text());
                           return kOk;
                       });
}

} // namespace sluice::cli
