// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice simulate FILE`: the core over a scripted timeline. Asks no daemon and no Slurm.
#include "cli/options.hpp"
#include "cli/report.hpp"
#include "cli/scenario_json.hpp"
#include "cli/subcommands.hpp"
#include "common/base/text.hpp"
#include "common/format/numbers.hpp"
#include "common/settings/scenario.hpp"

namespace sluice::cli {
namespace {

constexpr Column kSimulateColumns[] = {
    {"account", "Account", 24, "account"},
    {"period", "Period", 12, "period that the figures are of"},
    {"component", "Component", 20, "what is granted"},
    {"allocation", "Allocation", 14, "granted for the period"},
    {"carryover", "Carryover", 14, "of the period before"},
    {"effective", "Effective", 14, "with carryover, adjustments and borrowing"},
    {"used", "Used", 14, "in the period, sub-accounts included"},
    {"share", "Used%", 10, "of the effective allocation"},
    {"standing", "Standing", 10, "after this evaluation"},
    {"actions", "Actions", 24, "what this evaluation changed"}};
constexpr const char* kSimulateDefault =
    "account%-24,period%-10,component%-16,allocation,carryover,effective,used,share,"
    "standing%-10,actions%-24";

void add_rows(const model::AccountDecision& account, std::vector<Row>& rows) {
    bool first = true;
    for (const auto& figure : account.figures) {
        const auto units = [&](Amount amount) {
            return format::units_text(amount, figure.component);
        };
        rows.push_back({first ? account.account : "", first ? account.period.label : "",
                        figure.component.name, units(figure.allocation),
                        units(figure.carryover.carry), units(figure.effective),
                        units(figure.used()), format::percent_text(figure.percent),
                        first ? std::string(model::name(model::standing(account.flags))) : "",
                        first ? join(account.actions_taken, ",") : ""});
        first = false;
    }
    if (first)
        rows.push_back(
            {account.account, account.period.label, "", "", "", "", "", "", "error", ""});
}

std::string remarks(const policy::Evaluated& step) {
    std::string out;
    if (const auto& clock = step.decision.clock; !clock.trusted())
        out += "  " + model::clock_text(clock) + '\n';
    for (const auto& account : step.decision.accounts) {
        if (!account.error.empty())
            out += "  " + account.account + ": not judged: " + account.error + '\n';
        for (const auto& note : account.notes)
            out += "  " + account.account + ": " + note + '\n';
    }
    for (const auto& problem : step.decision.problems)
        out += "  " + problem + '\n';
    for (const auto& command : step.plan.commands)
        out += "  " + command.description + '\n';
    for (const auto& command : step.plan.withheld)
        out += "  (withheld) " + command.description + '\n';
    return out;
}

class Printer {
public:
    Printer(const Parsed& parsed, Table sheet) : parsed_(parsed), sheet_(std::move(sheet)) {}

    void show(const policy::Evaluated& step) {
        if (parsed_.options.json) {
            print(parsed_.context, evaluated_json(step).compact() + '\n');
            return;
        }
        if (!first_)
            remark(parsed_, "\n");
        first_ = false;
        remark(parsed_, local_stamp(step.step.at) + '\n');
        sheet_.rows.clear();
        for (const auto& account : step.decision.accounts)
            add_rows(account, sheet_.rows);
        print(parsed_.context, sheet_.text());
        remark(parsed_, remarks(step));
    }

private:
    const Parsed& parsed_;
    Table sheet_;
    bool first_ = true;
};

} // namespace

int run_simulate(const Context& context, int argc, char** argv) {
    const auto parsed =
        parse_options(context, *find_subcommand("simulate"), kTable | kJson | kFile, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (helped(parsed, kSimulateColumns))
        return kOk;
    if (parsed.options.file.empty())
        return complain(parsed.context, "which scenario? (sluice simulate FILE)");
    auto made = sheet(parsed, kSimulateColumns, kSimulateDefault);
    if (!made)
        return complain(parsed.context, made.error());
    const auto read = settings::load_scenario(parsed.options.file);
    if (!read)
        return complain(parsed.context, read.error());
    for (const auto& note : read->notes)
        warn(parsed.context, note);
    const auto zone = Zone::load(read->scenario.set.timezone);
    if (!zone)
        return complain(parsed.context, zone.error());
    Printer printer(parsed, std::move(*made));
    policy::run(read->scenario, *zone, [&](const policy::Evaluated& step) { printer.show(step); });
    return kOk;
}

} // namespace sluice::cli
