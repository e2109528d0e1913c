// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/import/import.hpp"
#include "common/settings/settings.hpp"

#include "tests/common/settings/data.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::model;

CASE(the_site_agents_file_becomes_exactly_this) {
    std::size_t seen = 0;
    for (const auto& path : test::yaml_files("import")) {
        const auto result =
            settings::import_site_agent(test::content(path), path.filename().string());
        if (!result)
            test::fail(path.filename().string() + ": " + result.error().context);
        auto expected = path;
        CHECK_EQ(*result, test::content(expected.replace_extension(".out")));
        ++seen;
    }
    CHECK(seen >= 4);
}

namespace {

// The result with the comment signs taken away where they stand for a choice.
std::string imported(const char* name, bool waldur, bool others) {
    const auto text =
        settings::import_site_agent(test::content(test::data_folder() / "import" / name), name);
    if (!text)
        test::fail(text.error().context);
    std::string out;
    for (std::size_t at = 0; at < text->size();) {
        const std::size_t end = text->find('\n', at);
        std::string line = text->substr(at, end - at);
        const bool key = line.starts_with("#waldur:") || line.starts_with("#  ");
        const bool policy = line.starts_with("#  - ") || line.starts_with("#    ");
        if ((waldur && key && !policy && line.find("ACCOUNT") == std::string::npos) ||
            (others && policy && line.find("(") == std::string::npos))
            line.erase(0, 1);
        out += line + '\n';
        at = end + 1;
    }
    return out;
}

} // namespace

CASE(the_block_for_waldur_is_valid_without_its_comment_signs) {
    std::string text = imported("several.yaml", true, false);
    text = text.substr(0, text.find("# Without effect"));
    const auto read = settings::parse(text, "sluiced.yaml");
    if (!read)
        test::fail(read.error().context);
    CHECK(read->waldur.enabled);
    CHECK_EQ(read->waldur.url, "https://waldur.example.org");
    CHECK_EQ(read->waldur.offerings.size(), 1U);
    CHECK_EQ(read->waldur.offerings[0].uuid, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    CHECK_EQ(read->waldur.offerings[0].policy, "lagoon-by-the-month");
    CHECK(!read->waldur.push.usage);
    CHECK(read->waldur.push.flags);
    CHECK_EQ(read->waldur.emulator, "http://emulator.example.org:8080");
    CHECK(text.find("hush") == std::string::npos);
}

CASE(the_policies_of_other_offerings_are_valid_without_their_comment_signs) {
    std::string text = imported("several.yaml", false, true);
    text = text.substr(0, text.find("# Sluice can report"));
    const auto read = settings::parse(text, "sluiced.yaml");
    if (!read)
        test::fail(read.error().context);
    CHECK_EQ(read->policies.policies.size(), 3U);
    CHECK_EQ(read->policies.policies[1].name, "lagoon-by-the-month-2");
    CHECK_EQ(read->policies.policies[1].qos_downscaled, "slow");
}

CASE(target_components_are_the_whole_conversion) {
    const auto read = settings::parse(imported("several.yaml", false, false), "sluiced.yaml");
    const auto& set = read->policies;
    CHECK_EQ(set.component("node_hours")->tres, "cpu");
    CHECK_EQ(set.component("node_hours")->unit_factor.text(), "7680");
    CHECK_EQ(set.component("mixed_gres_gpu")->tres, "gres/gpu");
    CHECK_EQ(set.component("mixed_gres_gpu")->unit_factor.text(), "240.5");
    CHECK(set.component("energy") == nullptr);
    // 0.5 a CPU-hour, and 128 of them in one unit
    CHECK_EQ(set.policies[0].billing.weights.at("node_hours").text(), "64");
}

CASE(what_is_imported_means_the_same) {
    const auto text = settings::import_site_agent(
        test::content(test::data_folder() / "import/full.yaml"), "full.yaml");
    const auto read = settings::parse(*text, "sluiced.yaml");
    CHECK(read.has_value());
    CHECK_EQ(read->daemon.cluster, "vega");
    CHECK_EQ(read->policies.timezone, "Europe/Tallinn");
    CHECK_EQ(read->policies.component("gpu")->tres, "gres/gpu");
    CHECK_EQ(read->policies.component("mem")->unit_factor.text(), "61440");
    const Policy& p = read->policies.policies.at(0);
    CHECK(p.mode == Mode::observe);
    CHECK(p.period.kind == PeriodKind::quarter);
    CHECK_EQ(p.grace_ratio.text(), "0.2");
    CHECK(p.carryover.model == CarryoverModel::decay);
    CHECK_EQ(p.billing.weights.at("mem").text(), "0.001953125");
    CHECK_EQ(p.billing.weights.at("cpu").text(), "15.625");
    CHECK_EQ(p.qos_downscaled, "limited");
    CHECK_EQ(p.actions.size(), 2U);
    CHECK(p.raw_usage_reset);
}

CASE(secrets_are_never_printed) {
    const auto text = settings::import_site_agent(
        test::content(test::data_folder() / "import/full.yaml"), "full.yaml");
    CHECK(text->find("0123456789abcdef") == std::string::npos);
    CHECK(text->find("sentry.example.org") == std::string::npos);
    const auto proxy = settings::import_site_agent(
        "global_proxy: http://user:hush@proxy:3128\nofferings: [{backend_type: slurm}]\n", "f");
    CHECK(proxy.has_value());
    CHECK(proxy->find("hush") == std::string::npos);
}

CASE(a_file_without_slurm_offering_is_refused) {
    const auto result = settings::import_site_agent("interval: 60\n", "f.yaml");
    CHECK(!result);
    CHECK_EQ(result.error().context, "f.yaml: no offering with backend_type: slurm or a backend "
                                     "slurm; is this a waldur-site-agent-config.yaml?");
}

CASE(wrong_values_are_refused_with_their_place) {
    const auto result = settings::import_site_agent(
        "timezone: Mars\nofferings:\n  - backend_type: slurm\n    backend_settings:\n"
        "      qos_paused: [a]\n      periodic_limits: {enabled: maybe, grace_ratio: 20}\n",
        "f.yaml");
    CHECK(!result);
    CHECK_EQ(result.error().context,
             "f.yaml:1:11: timezone: \"Mars\" is not in the host's time zone database; give an "
             "IANA name such as Europe/Tallinn\n"
             "f.yaml:5:19: qos_paused: expected a text, found a list\n"
             "f.yaml:6:34: enabled: expected true or false, found \"maybe\"\n"
             "f.yaml:6:54: grace_ratio: 20 is out of range; give a number from 0 to 10");
}

CASE(scalars_are_quoted_where_yaml_would_misread_them) {
    CHECK_EQ(settings::as_scalar("gres/gpu"), "gres/gpu");
    CHECK_EQ(settings::as_scalar("no"), "\"no\"");
    CHECK_EQ(settings::as_scalar("12"), "\"12\"");
    CHECK_EQ(settings::as_scalar("a: b # \"c\""), "\"a: b # \\\"c\\\"\"");
    CHECK_EQ(settings::as_scalar(""), "\"\"");
}
