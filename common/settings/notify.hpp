// SPDX-License-Identifier: GPL-2.0-or-later
// How notices are delivered, as sluiced.yaml sets it. Files of secrets are named, not opened.
#pragma once

#include <cstdint>
#include <string>

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
    std::string url; // "": none
    std::string ca_file;
    std::string secret_file; // "": unsigned

    friend bool operator==(const WebhookSettings&, const WebhookSettings&) = default;
};

} // namespace sluice::settings
