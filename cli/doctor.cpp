// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice doctor`: why it does not act. Asks the daemon, looks at the answers, tells what to do.
#include "cli/doctor_checks.hpp"
#include "cli/report.hpp"
#include "cli/subcommands.hpp"

#include "config.h"

namespace sluice::cli {
namespace {

const char* word(Health health) {
    switch (health) {
    case Health::good:
        return "ok";
    case Health::note:
        return "note";
    case Health::fault:
        break;
    }
    return "FAULT";
}

bool faulty(const std::vector<Finding>& findings) {
    for (const auto& finding : findings)
        if (finding.health == Health::fault)
            return true;
    return false;
}

json::Value as_json(const std::vector<Finding>& findings) {
    auto list = json::Value::array();
    for (const auto& finding : findings) {
        auto one = json::Value::object();
        one.set("check", finding.check)
            .set("result", finding.health == Health::fault ? "fault" : word(finding.health));
        one.set("text", finding.text).set("remedy", finding.remedy);
        list.append(std::move(one));
    }
    auto out = json::Value::object();
    out.set("healthy", !faulty(findings)).set("findings", std::move(list));
    return out;
}

std::string as_text(const std::vector<Finding>& findings) {
    std::string out;
    for (const auto& finding : findings) {
        std::string line = word(finding.health);
        line.resize(7, ' ');
        line += finding.check;
        line.resize(18, ' ');
        out += line + finding.text + '\n';
        if (!finding.remedy.empty())
            out += std::string(18, ' ') + "-> " + finding.remedy + '\n';
    }
    return out;
}

// What cannot be had is evidence too.
json::Value tried(const Parsed& parsed, const std::string& path, const Parameters& query = {}) {
    auto answer = client(parsed.context).get(path, query);
    auto out = json::Value::object();
    if (answer)
        out = std::move(*answer);
    else
        out.set("error", answer.error().context);
    for_people(parsed, out);
    return out;
}

std::vector<Finding> examined(const Parsed& parsed) {
    auto status = client(parsed.context).get("/api/v1/status");
    if (!status)
        return {{Health::fault, "daemon", status.error().context,
                 "systemctl status sluiced; journalctl -u sluiced -n 20; sluiced --check"}};
    if (!(*status)["meta"]["viewer"]["staff"].boolean())
        return {{Health::fault, "daemon", "only root and SlurmUser are told everything",
                 "sudo sluice doctor"}};
    for_people(parsed, *status);
    const auto plugin_server = tried(parsed, "/api/v1/plugins");
    const auto controller = tried(parsed, "/api/v1/controller");
    const auto commands = tried(parsed, "/api/v1/commands", {{"limit", "200"}});
    const auto outbox = tried(parsed, "/api/v1/outbox", {{"state", "parked"}});
    return examine({.status = status->view(),
                    .plugin_server = plugin_server.view(),
                    .controller = controller.view(),
                    .commands = commands.view(),
                    .outbox = outbox.view(),
                    .now = parsed.context.clock.now(),
                    .version = PACKAGE_VERSION});
}

} // namespace

int run_doctor(const Context& context, int argc, char** argv) {
    const auto parsed =
        parse_options(context, *find_subcommand("doctor"), kJson | kCluster | kSocket, argc, argv);
    if (parsed.done)
        return *parsed.done;
    const auto findings = examined(parsed);
    if (const Rounds* rounds = context.rounds;
        rounds != nullptr && !rounds->running && !rounds->clusters.empty())
        return kFailed; // each cluster is examined for itself
    if (parsed.options.json)
        print_json(parsed, as_json(findings));
    else
        print(parsed.context, as_text(findings));
    return faulty(findings) ? kFailed : kOk;
}

} // namespace sluice::cli
