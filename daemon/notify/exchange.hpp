// SPDX-License-Identifier: GPL-2.0-or-later
// What SMTP and webhooks have in common over libcurl: the owner of a handle, bounds of time and
// size, and what the outcome means to the outbox.
#pragma once

#include "common/base/curl_handle.hpp"
#include "common/base/result.hpp"
#include "daemon/ports/deliverer.hpp"

#include <atomic>
#include <curl/curl.h>
#include <memory>
#include <string>

namespace sluice::mail {

// curl_global_init. Not thread-safe in old libcurl; a second call does nothing.
void begin_library();

// Takes the first bytes of an answer and lets the rest go.
class AnswerKeeper {
public:
    void attach(CURL* easy);
    // Printable, one line.
    std::string text() const;

private:
    static std::size_t take(char* data, std::size_t size, std::size_t count, void* self);
    std::string text_;
};

// Only these schemes ("http,https"), no redirects, no signals, 10 s to connect, 45 s in all; ends
// early when `stop` becomes true, which must outlive the transfer.
void bound(CURL* easy, const char* schemes, const std::atomic<bool>& stop);
// "": the system's certificates. Errors: those of check_regular().
Result<void> trust(CURL* easy, const std::string& ca_file);

// Why no answer came.
ports::Delivery unreached(const std::string& where, CURLcode code);

} // namespace sluice::mail
