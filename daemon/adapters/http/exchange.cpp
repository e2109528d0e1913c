// SPDX-License-Identifier: GPL-2.0-or-later
// One request: collected by a listening thread of the library, answered by a thread of ours while
// its connection is suspended, sent by the library.
#include "daemon/adapters/http/engine.hpp"
#include "daemon/adapters/http/router.hpp"

#include <cstdlib>
#include <string_view>
#include <utility>
#include <variant>

namespace sluice::http {
namespace {

constexpr std::size_t kMostBody = 64 * 1024;
constexpr std::size_t kMostDrained = 1024 * 1024; // of a body that is refused anyway

struct ResponseRelease {
    void operator()(MHD_Response* response) const noexcept { MHD_destroy_response(response); }
};
using ResponseRef = std::unique_ptr<MHD_Response, ResponseRelease>;

MhdResult queue_response(MHD_Connection* connection, const Response& answer) {
    // The buffer is copied: it dies with the exchange, the response with its last reference.
    const ResponseRef response(MHD_create_response_from_buffer(
        answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY));
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response.get(), "Content-Type", answer.type.c_str());
    MHD_add_response_header(response.get(), "Cache-Control", "no-store");
    if (!answer.allow.empty())
        MHD_add_response_header(response.get(), "Allow", answer.allow.c_str());
    MHD_add_response_header(response.get(), "X-Content-Type-Options", "nosniff");
    for (const auto& [key, value] : answer.headers)
        MHD_add_response_header(response.get(), key.c_str(), value.c_str());
    return MHD_queue_response(connection, static_cast<unsigned>(answer.status), response.get());
}

MhdResult add_query(void* out, MHD_ValueKind, const char* key, const char* value) {
    try {
        // A key that comes twice is a list.
        auto& text = static_cast<Request*>(out)->query[key];
        text += (text.empty() ? "" : ",") + std::string(value != nullptr ? value : "");
        return MHD_YES;
    } catch (...) {
        return MHD_NO;
    }
}

std::string header(MHD_Connection* connection, const char* name) {
    const char* text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return text != nullptr ? text : "";
}

std::size_t announced_length(MHD_Connection* connection) {
    const char* text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 0;
}

// 429
Response too_many(const std::string& what) {
    Response out = failure(429, what);
    out.headers.emplace_back("Retry-After", "1");
    return out;
}

Response too_large() {
    return failure(413, "The body is larger than " + std::to_string(kMostBody) + " bytes.");
}

} // namespace

Exchange* HttpServer::Engine::begin(MHD_Connection* connection, const char* url,
                                    const char* method) {
    auto made = std::make_unique<Exchange>();
    made->head = std::string_view(method) == "HEAD";
    made->request.method = made->head ? "GET" : method;
    made->request.path = url;
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, &made->request);
    made->authorization = header(connection, "Authorization");
    const auto* tls = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (const std::string host = header(connection, "Host"); !host.empty())
        made->request.origin =
            (tls != nullptr && tls->tls_session != nullptr ? "https://" : "http://") + host;
    return made.release();
}

// Called again and again by the library: after the header, for each piece of the body, at its end,
// and after the connection was resumed.
MhdResult HttpServer::Engine::advance(MHD_Connection* connection, Exchange& exchange,
                                      const char* data, std::size_t* size) {
    if (!exchange.started) {
        exchange.started = true;
        if (announced_length(connection) > kMostBody)
            return queue_response(connection, too_large());
        return MHD_YES;
    }
    if (*size != 0) {
        exchange.received += *size;
        if (exchange.received > kMostDrained)
            return MHD_NO;
        if (exchange.received <= kMostBody)
            exchange.request.body.append(data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (exchange.answered) {
        deadlines.sends(exchange.deadline);
        return queue_response(connection, exchange.response);
    }
    return answer(connection, exchange);
}

MhdResult HttpServer::Engine::answer(MHD_Connection* connection, Exchange& exchange) {
    if (exchange.received > kMostBody)
        return queue_response(connection, too_large());
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const auto* peer =
        info != nullptr ? static_cast<const Connection*>(info->socket_context) : nullptr;
    if (peer == nullptr || (!peer->uid && peer->address.empty()))
        return queue_response(connection, failure(401, "The kernel does not tell who you are."));
    if (peer->over)
        return queue_response(connection, too_many("Too many connections of yours are open."));
    exchange.deadline = peer->deadline;
    exchange.address = peer->address;
    if (peer->uid)
        exchange.request.viewer = {*peer->uid, staff(*peer->uid)};
    Lane& lane = waits(exchange.request) ? turns : answers;
    const auto resume = [connection, &exchange](Response response) {
        exchange.response = std::move(response);
        exchange.answered = true;
        MHD_resume_connection(connection);
    };
    Lane::Job job = [this, resume, &exchange](bool abandoned) {
        resume(abandoned ? failure(503, "The daemon is stopping.") : respond(exchange));
    };
    deadlines.waits(exchange.deadline);
    MHD_suspend_connection(connection);
    if (!lane.submit(std::move(job)))
        resume(too_many("Too many requests are waiting; try again."));
    return MHD_YES;
}

// On an answering thread: munged may be slow.
Response HttpServer::Engine::respond(Exchange& exchange) {
    if (!exchange.address.empty() && exchange.request.path != "/healthz") {
        auto found = login->identify(exchange.authorization, exchange.address);
        if (auto* refusal = std::get_if<Response>(&found))
            return std::move(*refusal);
        exchange.request.viewer = std::get<ports::Viewer>(found);
    }
    return dispatch(exchange.request, services, {tokens.get(), &texts});
}

} // namespace sluice::http
