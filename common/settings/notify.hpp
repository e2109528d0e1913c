// SPDX-License-Identifier: GPL-2.0-or-later
// How notices are delivered, as sluiced.yaml sets it. Files of secrets are named, not opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::settings {

struct MailSettings {
    std::string from; // "": no mail
    std::string smtp; // smtp://host[:port], smtps://host[:port]; "": by `sendmail`
    bool starttls = true;
    std::string ca_file; // "": the host's own
    std::string user;    // "": no login
    std::string password_file;
    std::string sendmail = "/usr/sbin/sendmail";
    std::int64_t hourly_limit = 5; // mails for one recipient

    friend bool operator==(const MailSettings&, const MailSettings&) = default;
};

struct WebhookSettings {
    std::string url;      // "": none, or in url_file
    std::string url_file; // holds the address, which is a secret
    std::string ca_file;
    std::string secret_file; // "": unsigned

    friend bool operator==(const WebhookSettings&, const WebhookSettings&) = default;
};

// http(s)://HOST[:PORT][/PATH], without a user or anything else that could hide another host.
bool is_webhook_url(std::string_view text);

} // namespace sluice::settings
