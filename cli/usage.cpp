// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice usage`: what an account's usage is made of.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands.hpp"

#include <array>

namespace sluice::cli {
namespace {

constexpr std::array kColumns{
    Column{"account", "Account", 24, "account in Slurm"},
    Column{"component", "Component", 20, "what is granted"},
    Column{"tres", "TRES", 16, "the TRES that it counts"},
    Column{"period", "Period", 12, "the running period"},
    Column{"settled", "Settled", 16, "by slurmdbd's hourly rollups"},
    Column{"finished", "Finished", 16, "jobs that ended after these"},
    Column{"running", "Running", 16, "jobs that still run, up to now"},
    Column{"used", "Used", 16, "the sum"},
    Column{"percent", "Percent", 10, "of the effective allocation"},
};
constexpr const char* kDefault = "account,component,period,settled,finished,running,used,percent";

Row fill(json::View part, bool exact) {
    return {part["account"].text(),
            part["component"].text(),
            part["tres"].text(),
            part["billing_period"].text(),
            amount(part["settled"], exact),
            amount(part["finished"], exact),
            amount(part["running"], exact),
            amount(part["used"], exact),
            percent(part["usage_percentage"])};
}

} // namespace

int run_usage(const Context& context, int argc, char** argv) {
    const auto parsed = parse_options(context, *find_subcommand("usage"),
                                      kTable | kJson | kAccounts | kCluster | kSocket, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (helped(parsed, kColumns))
        return kOk;
    auto table = sheet(parsed, kColumns, kDefault);
    if (!table)
        return complain(parsed.context, table.error());
    const auto answer = ask(parsed, "/api/v1/usage", parameters(parsed.options));
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    for (const auto& part : (*answer)["usage"].items())
        table->rows.push_back(fill(part, table->exact()));
    print(parsed.context, table->text());
    return kOk;
}

} // namespace sluice::cli
