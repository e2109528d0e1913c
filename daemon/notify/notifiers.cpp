// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/notifiers.hpp"

#include "common/base/files.hpp"
#include "common/base/secret.hpp"
#include "common/base/text.hpp"
#include "daemon/notify/mail.hpp"
#include "daemon/notify/webhook.hpp"

#include <algorithm>

namespace sluice::notify {
namespace {

constexpr std::size_t kMaxSecret = 4096;

// "": no file, no secret.
Result<Secret> read_secret(const std::string& path) {
    if (path.empty())
        return Secret();
    auto text = read_file(path, kMaxSecret, ReadableBy::group);
    if (!text)
        return std::move(text).error();
    const Secret whole(std::move(*text));
    Secret secret{std::string(trim(whole.reveal()))};
    if (secret.empty())
        return Error{Errc::malformed, path + ": the file is empty; write the secret to it"};
    return secret;
}

// A fault does not show the address, which may be a secret.
Result<Secret> read_address(const settings::WebhookSettings& webhook) {
    if (webhook.url_file.empty())
        return Secret(webhook.url);
    auto address = read_secret(webhook.url_file);
    if (address && !settings::is_webhook_url(address->reveal()))
        return Error{Errc::malformed, webhook.url_file + ": the file holds no webhook address; "
                                                         "write https://HOST/PATH to it"};
    return address;
}

} // namespace

Result<std::unique_ptr<Notifiers>> Notifiers::make(const settings::DaemonSettings& settings,
                                                   ports::Outbox& outbox, const Clock& clock) {
    auto made = std::make_unique<Notifiers>();
    if (const auto& mail = settings.mail; !mail.from.empty()) {
        auto password = read_secret(mail.password_file);
        if (!password)
            return std::move(password).error().in("notifications.mail");
        auto mailer =
            std::make_unique<Mailer>(MailSettings{mail.from, mail.smtp, mail.starttls, mail.ca_file,
                                                  mail.user, std::move(*password), mail.sendmail});
        auto sender = std::make_unique<OutboxSender>(
            "mail", outbox, *mailer, static_cast<std::size_t>(mail.hourly_limit), clock);
        made->mail_ = mailer.get();
        made->lines_.push_back({std::move(mailer), std::move(sender)});
    }
    const auto& webhook = settings.webhook;
    if (!webhook.url.empty() || !webhook.url_file.empty()) {
        auto address = read_address(webhook);
        if (!address)
            return std::move(address).error().in("notifications.webhook");
        auto secret = read_secret(webhook.secret_file);
        if (!secret)
            return std::move(secret).error().in("notifications.webhook");
        auto hook = std::make_unique<Webhook>(WebhookSettings{std::move(*address),
                                                              !webhook.url_file.empty(),
                                                              webhook.ca_file, std::move(*secret)},
                                              clock);
        auto sender = std::make_unique<OutboxSender>("webhook", outbox, *hook, clock);
        made->lines_.push_back({std::move(hook), std::move(sender)});
    }
    return made;
}

void Notifiers::start() {
    for (auto& line : lines_)
        line.sender->start();
}

bool Notifiers::stop(std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    bool ended = true;
    for (auto& line : lines_)
        line.deliverer->interrupt();
    for (auto& line : lines_) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        ended = line.sender->stop(std::max(left, std::chrono::milliseconds{0})) && ended;
    }
    return ended;
}

} // namespace sluice::notify
