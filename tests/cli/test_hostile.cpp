// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever Slurm's names, messages of other programs, files and arguments hold: nothing of it
// steers the terminal.
#include "common/json/json.hpp"
#include "tests/cli/lab.hpp"
#include "tests/support/hostile.hpp"
#include "tests/support/scratch_dir.hpp"

#include <algorithm>
#include <fstream>

using namespace sluice;
using namespace sluice::test;

namespace {

void poison(Lab& lab) {
    const std::string& tail = kHostile;
    auto cycle = sample_cycle();
    for (auto& account : cycle.decision.accounts) {
        if (account.account != "physics") // entries are about it
            account.account += tail;
        account.policies = {"quarterly" + tail};
        account.contact += tail;
        account.qos = "blocked" + tail;
        account.notes = {"note" + tail};
        account.period.label += tail;
        account.deciding += tail;
        for (auto& figure : account.figures)
            figure.component.name += tail;
    }
    cycle.decision.accounts[2].cause = {model::CauseKind::ancestor, "physics" + tail, 0};
    cycle.decision.accounts[1].error = "no figures" + tail;
    cycle.problems = {{"physics" + tail, "no QOS" + tail, "add it" + tail}};
    cycle.applied[0].command.description += tail;
    cycle.applied[0].command.reason = "limit" + tail;
    cycle.applied[0].command.sacctmgr += tail;
    cycle.applied[0].success = false;
    cycle.applied[0].error = "slurmdbd" + tail;
    cycle.trigger = "timer" + tail;
    lab.service.cycle = std::make_shared<ports::CycleReport>(cycle);
    lab.service.daemon.config_file += tail;
    lab.service.daemon.config_error = "sluiced.yaml:3:5: name" + tail;
    lab.service.daemon.down = {"slurmdbd" + tail};
    lab.service.daemon.version += tail;
    lab.service.controller_settings.version += tail;
    lab.service.controller_settings.rights.user += tail;
    auto& message = lab.service.post.held.emplace_back();
    message.message = {"mail" + tail, "kind" + tail, "key" + tail, "body" + tail, "id" + tail};
    message.state = ports::MessageState::parked;
    message.error = "refused" + tail;
    lab.service.end_texts_with(tail);
    auto offering = json::Value::object();
    offering.set("uuid", "u" + tail).set("policy", "p" + tail).set("state", "rejected");
    offering.set("error", "refused" + tail).set("problems", std::vector<std::string>{"x" + tail});
    auto resource = json::Value::object();
    for (const char* key : {"account", "name", "uuid", "state", "policy", "standing", "reason"})
        resource.set(key, "x" + tail);
    auto offerings = json::Value::array();
    offerings.append(std::move(offering));
    auto resources = json::Value::array();
    resources.append(std::move(resource));
    auto waldur = json::Value::object();
    waldur.set("url", "https://w" + tail).set("source", "waldur").set("authority", "sluice");
    waldur.set("offerings", std::move(offerings)).set("resources", std::move(resources));
    lab.waldur = waldur.compact();
    lab.waldur_refusal = "no" + tail;
}

using Words = std::vector<std::string>;

// Each subcommand, where it answers and where it refuses.
std::vector<Words> command_lines(const std::string& folder) {
    const std::string bad = "x" + kHostile;
    std::vector<Words> lines{
        {"status"},
        {"status", "-v"},
        {"status", "-P", "-o", "account,policy,component,cause,qos,contact,note"},
        {"status", bad},
        {"status", "-o", bad},
        {"status", "-o", "account%" + bad},
        {"status", "--delimiter=" + bad, "-P"},
        {"status", "--" + bad},
        {"status", "-M", bad},
        {"balance", "-u", "alice"},
        {"balance", "-u", bad},
        {"explain", "physics"},
        {"explain", bad},
        {"usage"},
        {"usage", bad, "--by-user"},
        {"evaluate"},
        {"evaluate", "--dry-run", "-v", bad},
        {"history"},
        {"history", "-l", bad},
        {"commands"},
        {"plugins"},
        {"plugins", bad},
        {"doctor"},
        {"override", "list", "--all"},
        {"override", "set", "physics", "paused", "--until=" + bad, "--reason=" + bad, "-v"},
        {"override", "set", bad, "paused", "--until=now+1day", "--reason=x"},
        {"override", "clear", bad, "--reason=x"},
        {"override", bad},
        {"adjust", "list"},
        {"adjust", "add", "physics", "node_hours=1", "--reason=" + bad},
        {"adjust", "add", "physics", bad, "--reason=x"},
        {"policy", "list"},
        {"policy", "show", bad},
        {"policy", "set", bad, "period=month", "--reason=" + bad},
        {"policy", "set", "quarterly", bad, "--reason=x"},
        {"policy", "export"},
        {"policy", bad},
        {"grant", "list"},
        {"grant", "set", bad, "node_hours=1", "--reason=x"},
        {"grant", "remove", bad, "--reason=x"},
        {"reset", "--period", "physics", "--reason=" + bad},
        {"reset", "--period", bad, "--reason=x"},
        {"release", "physics", "--reason=" + bad},
        {"release", bad, "--reason=x"},
        {"reload", "--confirm", "--reason=" + bad},
        {"clock"},
        {"clock", bad},
        {"clock", "accept", "--reason=" + bad},
        {"cleanup", "--before=" + bad},
        {"outbox"},
        {"outbox", "drop", bad},
        {"token", "list"},
        {"token", "add", bad},
        {"token", "remove", bad},
        {"simulate", folder + "/none" + bad},
        {"simulate", folder + "/bad.yaml"},
        {"preview", "--daily-rate=" + bad},
        {"preview", bad},
        {"notify", "--test", folder + "/none" + bad},
        {"notify", "--test", folder + "/bad.yaml"},
        {"help"},
        {"help", bad},
        {"version"},
        {"web"},
        {"web", "list"},
        {"web", bad},
        {"web", "end", bad},
        {"waldur"},
        {"waldur", bad},
        {"evaluate", "--sync"},
        {"queue"},
        {"queue", bad},
        {"queue", "-u", bad},
        {"explain", "--job=" + bad},
        {"quote", "-A", "physics"},
        {"quote", "-A", bad},
        {"quote", "--" + bad},
        {"quote", bad},
    };
    return lines;
}

std::string shown(const Words& words) {
    std::string out;
    for (const auto& word : words)
        out += word.substr(0, 40) + ' ';
    return out;
}

} // namespace

CASE(no_subcommand_prints_control_characters) {
    Lab lab;
    poison(lab);
    const ScratchDir dir;
    std::ofstream(dir.file("bad.yaml"))
        << "timezone: UTC\n\"x\\e[31m\\u202e\": 1\npolicies: \"\\x9b\"\n";
    std::string found;
    std::vector<std::string> seen;
    for (const auto& words : command_lines(dir.path().string())) {
        seen.push_back(words.front());
        const auto outcome = lab.run(words);
        CHECK(!(outcome.out + outcome.err).empty());
        for (const auto& text : {outcome.out, outcome.err})
            if (const auto harm = harm_in(text); !harm.empty())
                found += "\n" + shown(words) + ": " + harm;
    }
    CHECK_EQ(found, "");
    for (const auto& each : cli::subcommands())
        CHECK(std::find(seen.begin(), seen.end(), each.name) != seen.end());
}

CASE(json_is_harmless_to_print_and_means_the_true_text) {
    Lab lab;
    poison(lab);
    for (const char* name :
         {"status", "history", "commands", "plugins", "usage", "doctor", "outbox"}) {
        const auto outcome = lab.run({name, "--json"});
        CHECK_EQ(harm_in(outcome.out), "");
        CHECK_EQ(harm_in(outcome.err), "");
        CHECK(json::parse(outcome.out, {.bytes = 1 << 20, .depth = 20}).has_value());
    }
    const auto answer = json::parse(lab.run({"status", "--json"}).out, {.bytes = 1 << 20});
    CHECK_EQ((*answer)["accounts"].at(0)["account"].text(), "chem" + kHostileText + "\uFFFD");
}

CASE(columns_stay_in_line_beside_names_that_are_written_out) {
    Lab lab;
    auto cycle = sample_cycle();
    cycle.decision.accounts[0].account = "e\x1b[1m";
    cycle.decision.accounts[1].account = "f\u00FC\u202e";
    lab.service.cycle = std::make_shared<ports::CycleReport>(cycle);
    CHECK_EQ(lab.run({"status", "-n", "-o", "account,used"}).out, "e\\u001b[1m  610.25\n"
                                                                  "  f\u00FC\\u202e    0\n"
                                                                  "   physics 1231\n"
                                                                  "    optics    1\n");
}
