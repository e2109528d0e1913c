// SPDX-License-Identifier: GPL-2.0-or-later
// A byte stream to a host, plain or by TLS: libcurl connects and checks the certificate, then only
// carries bytes (CONNECT_ONLY). Never blocks once it is open.
#pragma once

#include "common/base/result.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::stomp {

struct StreamOptions {
    std::string host;
    unsigned port = 0;
    bool tls = true;
    bool verify = true;
    std::string ca_file; // "": the host's own
    std::chrono::seconds connect_timeout{10};
};

// One thread.
class Stream {
public:
    // Blocks up to the timeout, or until `interrupted`. unavailable, timeout; refused: the
    // certificate is not trusted.
    static Result<Stream> open(const StreamOptions& options, const std::atomic<bool>& interrupted);
    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;
    ~Stream();

    // How many bytes went; 0: it would block.
    Result<std::size_t> send(std::string_view bytes);
    // "": nothing is there now. unavailable: the other side closed.
    Result<std::string> receive();
    // For poll(), after receive() gave "": TLS may hold bytes that the socket no longer shows.
    int fd() const;

private:
    struct Handle;
    explicit Stream(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

} // namespace sluice::stomp
