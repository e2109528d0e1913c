// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/message.hpp"

namespace sluice::http {
namespace {

int status(Errc code) {
    switch (code) {
    case Errc::unavailable:
    case Errc::timeout:
        return 503;
    case Errc::refused:
        return 403;
    case Errc::not_found:
        return 404;
    case Errc::malformed:
        return 400;
    case Errc::conflict:
        return 409;
    case Errc::overflow:
    case Errc::internal:
        break;
    }
    return 500;
}

} // namespace

Response ok(const json::Value& payload, int status) {
    return {status, payload.compact() + '\n'};
}

Response failure(int status, std::string_view detail) {
    json::Value body = json::Value::object();
    body.set("detail", detail);
    return {status, body.compact() + '\n'};
}

Response failure(const Error& error) {
    return failure(status(error.code), error.context);
}

} // namespace sluice::http
