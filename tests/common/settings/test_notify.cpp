// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/settings.hpp"
#include "tests/common/settings/data.hpp"
#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;

namespace {

settings::Settings read(const std::string& text) {
    auto settings = settings::parse(text, "f.yaml");
    if (!settings)
        test::fail(settings.error().context);
    return std::move(*settings);
}

} // namespace

CASE(notifications_say_who_and_how) {
    for (const auto& path : test::yaml_files("good")) {
        if (path.filename() != "notifications.yaml")
            continue;
        const auto s = read(test::content(path));
        CHECK(s.notices.by_mail && s.notices.by_webhook);
        CHECK_EQ(s.notices.contacts.at("physics").size(), 2U);
        CHECK_EQ(s.notices.contacts.at("chem")[0], "office@example.org");
        CHECK_EQ(s.notices.subject, "[{cluster}] {account} {event}");
        CHECK_EQ(s.daemon.mail.smtp, "smtp://mail.example.org:587");
        CHECK(s.daemon.mail.starttls);
        CHECK_EQ(s.daemon.mail.hourly_limit, 20);
        CHECK_EQ(s.daemon.webhook.url, "https://chat.example.org/hook?room=hpc");
        CHECK(s.notices.webhook_format == model::WebhookFormat::matrix);
        return;
    }
    test::fail("good/notifications.yaml is missing");
}

CASE(weekly_summary_needs_mail_and_a_week_of_retention) {
    const std::string mail = "notifications:\n  weekly_summary: true\n"
                             "  mail: {from: hpc@example.org}\n";
    CHECK(read(mail).notices.weekly);
    CHECK(!read("contact: x\n").notices.weekly);
    CHECK(read("retention_days: 8\n" + mail).notices.weekly);
    const auto few = settings::parse("retention_days: 7\n" + mail, "f.yaml");
    CHECK(!few);
    CHECK_EQ(few.error().context,
             "f.yaml:3:3: notifications.weekly_summary: retention_days is 7, so a restart would "
             "send the mails of a week again; set it to 8 or more");
    const auto none = read("notifications:\n  weekly_summary: true\n  webhook: {url: "
                           "'https://x.example.org/'}\n");
    CHECK(std::any_of(none.notes.begin(), none.notes.end(), [](const std::string& note) {
        return note.find("no weekly mail is sent") != std::string::npos;
    }));
}

CASE(without_notifications_nobody_is_told_and_contacts_alone_are_noted) {
    CHECK(!read("contact: x\n").notices.by_mail);
    const auto s = read("contacts: {physics: pi@example.org}\n"
                        "components: {node_hours: {tres: node}}\n"
                        "policies: [{name: q, actions: [notify_organization_owners]}]\n");
    CHECK_EQ(s.notes.size(), 1U);
    CHECK(s.notes[0].find("no notice is sent") != std::string::npos);
}

CASE(a_webhook_has_its_address_in_the_file_or_in_another) {
    const auto s = read("notifications: {webhook: {url_file: /etc/sluice/hook, format: slack}}\n");
    CHECK(s.notices.by_webhook);
    CHECK_EQ(s.daemon.webhook.url_file, "/etc/sluice/hook");
    const auto both = settings::parse("notifications:\n  webhook: {url: 'https://a/b', "
                                      "url_file: /etc/sluice/hook}\n",
                                      "f.yaml");
    CHECK(!both.has_value());
    CHECK(both.error().context.find("both given") != std::string::npos);
    CHECK(!settings::parse("notifications: {webhook: {format: slack}}\n", "f.yaml").has_value());
    CHECK(settings::is_webhook_url("https://hooks.example.org/services/T0/B0"));
    for (const char* bad : {"", "hooks.example.org", "ftp://a/b", "https://u@host/x", "https:///x"})
        CHECK(!settings::is_webhook_url(bad));
}
