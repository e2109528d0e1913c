// SPDX-License-Identifier: GPL-2.0-or-later
// Listening TCP sockets and the files of TLS. Reads files whole, within bounds.
#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/base/secret.hpp"

#include <string>

namespace sluice::http {

// `address`: "127.0.0.1:6831", "[::]:6831", "host:6831". conflict: the port is taken; not_found: no
// such host; refused: a port below 1024 without the right.
Result<UniqueFd> listen_tcp(const std::string& address);

// "192.0.2.7", without the port; "" when the socket is none of TCP.
std::string peer_address(int fd);

struct Certificate {
    std::string chain; // PEM
    Secret key;        // PEM
};
// refused: the key may be read by others; unavailable: a file cannot be read.
Result<Certificate> read_certificate(const std::string& chain_path, const std::string& key_path);

} // namespace sluice::http
