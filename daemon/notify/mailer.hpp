// SPDX-License-Identifier: GPL-2.0-or-later
// Delivers mails of the outbox ("mail"): by SMTP, or by a program such as sendmail. A body is
// {"to", "subject", "text", "date_epoch"}.
#pragma once

#include "common/base/secret.hpp"
#include "daemon/notify/letter.hpp"
#include "daemon/ports/deliverer.hpp"

#include <atomic>
#include <string>

namespace sluice::mail {

struct MailSettings {
    std::string from;
    // smtp://host[:port] or smtps://host[:port]; "": by `sendmail`
    std::string smtp;
    // smtp:// must switch to TLS (STARTTLS) before anything is said
    bool starttls = true;
    std::string ca_file; // "": the system's
    std::string user;    // "": no login
    Secret password;
    std::string sendmail = "/usr/sbin/sendmail"; // absolute path
};

class Mailer final : public ports::Deliverer {
public:
    // The first use of libcurl in a process must not be by two threads at once: before they start.
    explicit Mailer(MailSettings settings);

    ports::Delivery deliver(const ports::OutboxEntry& entry) override;
    void interrupt() override { stop_ = true; }

private:
    ports::Delivery by_smtp(const Letter& letter, const std::string& bytes);
    ports::Delivery by_program(const Letter& letter, const std::string& bytes);

    MailSettings settings_;
    std::atomic<bool> stop_{false};
};

} // namespace sluice::mail
