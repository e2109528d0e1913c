// SPDX-License-Identifier: GPL-2.0-or-later
// Mails of the outbox ("mail"): a Letter as bytes (RFC 5322), and the Mailer that delivers it by
// SMTP or by a program such as sendmail. A body is {"to", "subject", "text", "date_epoch"}.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "daemon/ports/outbox.hpp"

#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice::notify {

constexpr std::size_t kMaxSubject = 1000; // bytes
constexpr std::size_t kMaxText = 100'000;

// Its texts may hold anything.
struct Letter {
    std::string from;
    std::string to;
    std::string subject;
    std::string text; // LF at line ends
    Instant date{};
    std::string id; // unique, the same when sent again: becomes the Message-ID
};

// Pure. With CR LF at line ends. No header can be forged: what is not plain ASCII is encoded, an
// address that is not plain is refused. malformed: an address that is none; overflow: a text too
// long.
Result<std::string> compose(const Letter& letter);

// One letter for all: a line with the subject of each, then their texts as far as they fit.
// REQUIRES: at most ports::kMaxTogether, of one recipient; not none
Letter joined(std::span<const Letter> letters);

struct MailSettings {
    std::string from;
    // smtp://host[:port] or smtps://host[:port]; "": by `sendmail`
    std::string smtp;
    // smtp:// must switch to TLS (STARTTLS) before anything is sent
    bool starttls = true;
    std::string ca_file; // "": the system's
    std::string user;    // "": no login
    Secret password;
    std::string sendmail = "/usr/sbin/sendmail"; // absolute path
};

// Thread-safe: two mails may be delivered at once.
class Mailer final : public ports::BatchDeliverer {
public:
    // The first use of libcurl in a process must not be by two threads at once: before they start.
    explicit Mailer(MailSettings settings);

    ports::Delivery deliver(const ports::OutboxEntry& entry) override;
    ports::Delivery deliver_all(std::span<const ports::OutboxEntry> entries) override;
    void interrupt() override { stop_ = true; }

private:
    ports::Delivery send(const Letter& letter);
    ports::Delivery by_smtp(const Letter& letter, const std::string& bytes);
    ports::Delivery by_program(const Letter& letter, const std::string& bytes);

    MailSettings settings_;
    std::atomic<bool> stop_{false};
};

} // namespace sluice::notify
