// SPDX-License-Identifier: GPL-2.0-or-later
// Keys `contacts` and `notifications`: recipients, templates and delivery of notices.
#include "common/base/text.hpp"
#include "common/settings/daemon.hpp"
#include "common/settings/policy.hpp"

#include <algorithm>
#include <array>

namespace sluice::settings {
namespace {

void refuse_address(std::string_view what, const std::string& text, Place place, Errors& errors) {
    errors.add(place, std::string(what) + ": " + shown(text) +
                          " is no mail address; give name@host, several with commas");
}

void read_contacts(MapReader& top, model::NoticeRules& notices) {
    const Node* node = top.take("contacts");
    if (node == nullptr || !expect_map(*node, "contacts", top.errors()))
        return;
    for (const auto& entry : node->entries()) {
        const std::string what = "contacts." + entry.key;
        const auto [to, is_new] = notices.contacts.try_emplace(lower(entry.key));
        if (!is_new)
            top.errors().add(entry.key_place,
                             what + " is there already; Slurm ignores case, keep one of them");
        auto& addresses = to->second;
        for (auto& word : as_words(entry.value, what, top.errors())) {
            if (!is_mail_address(word.text))
                refuse_address(what, word.text, word.place, top.errors());
            addresses.push_back(std::move(word.text));
        }
    }
}

// SCHEME://host[:port][/path]: nothing in it that could hide another host or a password.
bool is_url(std::string_view text, std::string_view scheme, bool path) {
    if (!text.starts_with(scheme))
        return false;
    const auto rest = text.substr(scheme.size());
    const std::string_view never = path ? "@\"\\" : "@\"\\/?#";
    return !rest.empty() && rest.front() != '/' && rest.front() != ':' &&
           std::all_of(rest.begin(), rest.end(), [&](char c) {
               return c > ' ' && c != 0x7f && never.find(c) == std::string_view::npos;
           });
}

void read_smtp(MapReader& map, MailSettings& mail) {
    const Node* node = map.take("smtp");
    if (node == nullptr)
        return;
    mail.smtp = as_text(*node, "smtp", map.errors()).value_or("");
    if (node->is_scalar() && !is_url(mail.smtp, "smtp://", false) &&
        !is_url(mail.smtp, "smtps://", false))
        map.errors().add(node->place(), "smtp: " + shown(mail.smtp) +
                                            " is no address; give smtp://host:587 or "
                                            "smtps://host:465");
}

void read_mail(MapReader& notifications, MailSettings& mail) {
    const Node* node = notifications.take("mail");
    if (node == nullptr)
        return;
    Errors& errors = notifications.errors();
    MapReader map(*node, "mail", errors);
    if (!node->is_map())
        return;
    map.read("from", mail.from);
    if (!is_mail_address(mail.from))
        errors.add(map.has("from") ? map.key_place("from") : map.place(),
                   "mail.from: name the sender's address, name@host");
    read_smtp(map, mail);
    map.read("starttls", mail.starttls);
    map.read("user", mail.user);
    read_path(map, "password_file", mail.password_file);
    read_path(map, "ca_file", mail.ca_file);
    read_path(map, "sendmail", mail.sendmail);
    map.read("hourly_limit", mail.hourly_limit, 1, 1000);
    if (!mail.smtp.empty() && map.has("sendmail"))
        errors.add(map.key_place("sendmail"), "mail.smtp and mail.sendmail are both given; keep "
                                              "one of them");
    if (mail.user.empty() != mail.password_file.empty())
        errors.add(map.place(), "mail: a login needs user and password_file");
    if (!mail.user.empty() && !mail.starttls && mail.smtp.starts_with("smtp://"))
        errors.add(map.key_place("starttls"), "mail.starttls: the password would travel in clear; "
                                              "leave it true, or use smtps://");
    map.finish();
}

using model::WebhookFormat;
constexpr std::array<Choice<WebhookFormat>, 4> kFormats{{{"generic", WebhookFormat::generic},
                                                         {"slack", WebhookFormat::slack},
                                                         {"matrix", WebhookFormat::matrix},
                                                         {"teams", WebhookFormat::teams}}};

void read_webhook(MapReader& notifications, WebhookSettings& webhook, WebhookFormat& format) {
    const Node* node = notifications.take("webhook");
    if (node == nullptr)
        return;
    MapReader map(*node, "webhook", notifications.errors());
    if (!node->is_map())
        return;
    map.read("url", webhook.url);
    read_path(map, "url_file", webhook.url_file);
    if (map.has("url") && map.has("url_file"))
        map.errors().add(map.key_place("url_file"),
                         "webhook.url and webhook.url_file are both given; keep one of them");
    else if (!map.has("url_file") && !is_webhook_url(webhook.url))
        map.errors().add(map.has("url") ? map.key_place("url") : map.place(),
                         "webhook.url: give an address such as https://chat.example.org/hook");
    map.choose("format", format, kFormats);
    read_path(map, "secret_file", webhook.secret_file);
    read_path(map, "ca_file", webhook.ca_file);
    map.finish();
}

} // namespace

namespace {

// A closed message is what keeps a mail from being sent again in its week.
void check_weekly(const Settings& settings, Errors& errors) {
    constexpr int kLeastRetention = 8;
    if (!settings.notices.weekly || !settings.places.weekly)
        return;
    if (settings.daemon.retention_days < kLeastRetention)
        errors.add(*settings.places.weekly,
                   "notifications.weekly_summary: retention_days is " +
                       std::to_string(settings.daemon.retention_days) +
                       ", so a restart would send the mails of a week again; set it to 8 or more");
    if (!settings.notices.by_mail)
        errors.note(*settings.places.weekly,
                    "notifications.weekly_summary: `notifications` has no mail: no weekly mail is "
                    "sent");
}

} // namespace

bool is_webhook_url(std::string_view text) {
    return is_url(text, "https://", true) || is_url(text, "http://", true);
}

void read_notifications(MapReader& top, Settings& settings) {
    read_contacts(top, settings.notices);
    const Node* node = top.take("notifications");
    if (node == nullptr)
        return;
    MapReader map(*node, "notifications", top.errors());
    if (!node->is_map())
        return;
    read_mail(map, settings.daemon.mail);
    read_webhook(map, settings.daemon.webhook, settings.notices.webhook_format);
    if (map.has("weekly_summary"))
        settings.places.weekly = map.key_place("weekly_summary");
    map.read("weekly_summary", settings.notices.weekly);
    std::vector<std::string> placeholders(model::kPlaceholders.begin(), model::kPlaceholders.end());
    for (const char* more : {"event", "organization", "project"})
        placeholders.emplace_back(more);
    read_template(map, "notifications", "subject", settings.notices.subject,
                  {model::kMaxSubjectBytes, "\n\t", placeholders});
    read_template(map, "notifications", "text", settings.notices.text,
                  {model::kMaxNoticeBytes, "", placeholders});
    map.finish();
    settings.notices.by_mail = !settings.daemon.mail.from.empty();
    settings.notices.by_webhook =
        !settings.daemon.webhook.url.empty() || !settings.daemon.webhook.url_file.empty();
}

void check_notifications(const Settings& settings, Errors& errors) {
    check_weekly(settings, errors);
    const auto& policies = settings.policies.policies;
    for (std::size_t i = 0; i < policies.size(); ++i) {
        const auto& policy = policies[i];
        const bool has_recipient = policy.has(model::Action::notify_external_user) ||
                                   (policy.has(model::Action::notify_organization_owners) &&
                                    !settings.notices.contacts.empty());
        if (has_recipient && !settings.notices.by_mail && !settings.notices.by_webhook)
            errors.note(settings.places.policies[i].policy,
                        "policy " + shown(policy.name) +
                            " notifies, but `notifications` names "
                            "neither mail nor webhook: no notice is sent");
        if (policy.notify_rate && !policy.has(model::Action::notify_external_user) &&
            !policy.has(model::Action::notify_organization_owners))
            errors.note(settings.places.policies[i].policy,
                        "policy " + shown(policy.name) +
                            " has notify_rate, but not the action notify_organization_owners or "
                            "notify_external_user: no notice is sent");
    }
}

} // namespace sluice::settings
