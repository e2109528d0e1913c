// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's words for the same things.
#include "common/settings/settings.hpp"

#include "common/base/text.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::model;
using settings::Settings;

namespace {

const std::string kHead = "components:\n  node_hours: node\n  gpu_hours: gres/gpu\npolicies:\n"
                          "  - name: p\n";

Settings read(const std::string& text) {
    auto settings = settings::parse(text, "f.yaml");
    if (!settings)
        test::fail(settings.error().context);
    return *std::move(settings);
}

Policy policy(const std::string& lines) {
    return read(kHead + lines).policies.policies.at(0);
}

bool has_note(const Settings& settings, std::string_view part) {
    for (const auto& note : settings.notes)
        if (note.find(part) != std::string::npos)
            return true;
    return false;
}

} // namespace

CASE(waldurs_period_numbers_are_read) {
    CHECK(policy("    period: 1\n").period.kind == PeriodKind::total);
    CHECK(policy("    period: 2\n").period.kind == PeriodKind::month);
    CHECK(policy("    period: 3\n").period.kind == PeriodKind::quarter);
    CHECK(policy("    period: 4\n").period.kind == PeriodKind::year);
}

CASE(carryover_words_mean_the_cap_model) {
    const Policy p = policy("    carryover_factor: 25\n    carryover_enabled: true\n");
    CHECK(p.carryover.enabled);
    CHECK(p.carryover.model == CarryoverModel::cap);
    CHECK_EQ(p.carryover.factor.text(), "25");
    CHECK(!policy("    carryover_enabled: false\n").carryover.enabled);
}

CASE(a_half_life_means_the_decay_model_and_leaves_a_note) {
    const Settings s = read(kHead + "    fairshare_decay_half_life: 15\n    actions: "
                                    "request_slurm_resource_pausing\n");
    const Policy& p = s.policies.policies.at(0);
    CHECK(p.carryover.model == CarryoverModel::decay);
    CHECK_EQ(p.carryover.half_life_days.text(), "15");
    CHECK_EQ(s.notes.size(), 1U);
    CHECK_EQ(s.notes[0],
             "f.yaml:6:5: fairshare_decay_half_life is Waldur's older carryover rule: taken as "
             "carryover: {model: decay, half_life_days: 15}");
}

CASE(component_limits_set_is_the_default_allocation) {
    const Policy p = policy("    component_limits_set:\n      - {type: node_hours, limit: 1000}\n"
                            "      - {type: gpu_hours, limit: 5}\n");
    CHECK_EQ(p.allocation->size(), 2U);
    CHECK_EQ(p.allocation->at("gpu_hours").text(), "5");
    CHECK(!policy("    component_limits_set: []\n").allocation);
}

CASE(billing_words_and_limit_type_are_read) {
    const Policy p = policy("    tres_billing_enabled: true\n"
                            "    tres_billing_weights: {node_hours: 2, GRES/gpu: 0.25}\n"
                            "    limit_type: MaxTRESMins\n");
    CHECK(p.billing.enabled);
    CHECK_EQ(p.billing.weights.at("GRES/gpu").text(), "0.25");
    CHECK(p.limits.type == LimitType::max_tres_mins);
}

CASE(groups_become_accounts_and_subtrees) {
    const Policy p = read("groups:\n  chemistry: [chem, bio]\n  science: {subtree: physics}\n" +
                          kHead + "    organization_groups: [chemistry, science]\n")
                         .policies.policies.at(0);
    CHECK_EQ(join(p.match.accounts, " "), "chem bio");
    CHECK_EQ(join(p.match.subtrees, " "), "physics");
    CHECK(policy("    apply_to_all: true\n").match.all());
}

CASE(actions_and_addresses_may_be_separated_by_commas) {
    const Policy p =
        policy("    actions: notify_external_user, request_slurm_resource_pausing\n"
               "    options: {notify_external_user: \"a@example.org, b@example.org\"}\n");
    CHECK_EQ(p.actions.size(), 2U);
    CHECK(p.has(Action::request_slurm_resource_pausing));
    CHECK_EQ(join(p.external_users, " "), "a@example.org b@example.org");
}

CASE(one_limit_period_wins_over_the_period_and_says_so) {
    const Settings s = read("components: {node_hours: {tres: node, limit_period: annual}}\n"
                            "policies: [{name: p, period: month}]\n");
    CHECK(s.policies.policies.at(0).period.kind == PeriodKind::year);
    CHECK(has_note(s, "policy \"p\" counts by year: limit_period of component \"node_hours\" "
                      "wins over its period"));
}

CASE(external_users_without_address_are_noted) {
    CHECK(has_note(read(kHead + "    actions: [notify_external_user]\n"), "sends no mail"));
}
