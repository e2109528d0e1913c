// SPDX-License-Identifier: GPL-2.0-or-later
// What HTTP does with a complete answer to a GET: compression, and none at all for a client that
// has it already.
#pragma once

#include "daemon/http/server/message.hpp"

#include <string>
#include <string_view>

namespace sluice::http {

struct Accepted {
    bool gzip = false;
    std::string etags; // If-None-Match: what the client has
};

// Whether this Accept-Encoding takes gzip: named, and not with q=0.
bool accepts_gzip(std::string_view accept_encoding);

// Of an answer with status 200: adds Vary, and up to 1 MiB an ETag, makes it a 304 without a body
// if the client has it, and compresses the others if the client takes that. Other answers stay as
// they are.
void encode(Response& response, const Accepted& accepted);

} // namespace sluice::http
