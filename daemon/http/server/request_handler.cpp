// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/server/request_handler.hpp"

#include "common/base/text.hpp"
#include "daemon/http/views/views.hpp"
#include "daemon/http/views/web.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <variant>

namespace sluice::http {
namespace {

constexpr std::size_t kMaxWaiting = 600; // requests for an answering thread
constexpr std::size_t kAnswerThreads = 4;
constexpr std::size_t kMaxCyclesWaiting = 16;
// Logins that wait for munged: at once, waiting, and of one address together. libmunge waits for a
// munged that hangs for 10 s (5 attempts of 2 s); later logins are refused at once.
constexpr std::size_t kLoginThreads = 4;
constexpr std::size_t kMaxLoginsWaiting = 32;
constexpr std::size_t kMaxLoginsOfAddress = 8;
constexpr std::size_t kMaxBody = 64 * 1024;
constexpr std::size_t kMaxSettings = 8 * 1024 * 1024; // a sluiced.yaml of 4 MiB, escaped as JSON
constexpr std::size_t kMaxDrained = 1024 * 1024;      // of a body that is refused anyway

struct ResponseRelease {
    void operator()(MHD_Response* response) const noexcept { MHD_destroy_response(response); }
};
using ResponseRef = std::unique_ptr<MHD_Response, ResponseRelease>;

// For browsers, with every answer that has no other: store nothing, guess no type, run and load
// nothing, show it in no frame, and after TLS return by TLS only (for a year, as is customary).
constexpr std::pair<const char*, const char*> kUnlessGiven[] = {
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
};
constexpr const char* kTlsOnly = "max-age=31536000";

MhdResult queue_response(MHD_Connection* connection, const Response& answer, bool tls) {
    // The buffer is copied: it dies with the exchange, the response with its last reference.
    const ResponseRef response(MHD_create_response_from_buffer(
        answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY));
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response.get(), "Content-Type", answer.type.c_str());
    if (!answer.allow.empty())
        MHD_add_response_header(response.get(), "Allow", answer.allow.c_str());
    if (tls)
        MHD_add_response_header(response.get(), "Strict-Transport-Security", kTlsOnly);
    for (const auto& [key, value] : answer.headers)
        MHD_add_response_header(response.get(), key.c_str(), value.c_str());
    for (const auto& [key, value] : kUnlessGiven)
        if (MHD_get_response_header(response.get(), key) == nullptr)
            MHD_add_response_header(response.get(), key, value);
    return MHD_queue_response(connection, static_cast<unsigned>(answer.status), response.get());
}

MhdResult add_query(void* out, MHD_ValueKind, const char* key, const char* value) {
    try {
        // A key that is sent twice is a list.
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

Response too_many_arguments() {
    return failure(414, "The query has more than " + std::to_string(kMaxArguments) +
                            " arguments. Send fewer, or lists: account=a,b.");
}

Response too_large(std::size_t most) {
    return failure(413, "The body is larger than " + std::to_string(most) + " bytes.");
}

// nullptr: the kernel reports none.
const Connection* peer_of(MHD_Connection* connection) {
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != nullptr ? static_cast<const Connection*>(info->socket_context) : nullptr;
}

// Only these answer without a login. The code of a link is one.
bool is_open(const Request& request) {
    return request.path == "/healthz" || request.path == "/api/v1/nonce" ||
           is_web_path(request.path) || (request.path == kSessionPath && request.method == "POST");
}

// Two are enough to refuse both.
std::vector<std::string> headers_named(MHD_Connection* connection, const std::string& name) {
    struct Search {
        std::string name;
        std::vector<std::string> values;
    } search{lower(name), {}};
    MHD_get_connection_values(
        connection, MHD_HEADER_KIND,
        [](void* out, MHD_ValueKind, const char* key, const char* value) -> MhdResult {
            try {
                auto& wanted = *static_cast<Search*>(out);
                if (wanted.values.size() < 2 && lower(key) == wanted.name)
                    wanted.values.emplace_back(trim(value != nullptr ? value : ""));
                return MHD_YES;
            } catch (...) {
                return MHD_NO;
            }
        },
        &search);
    return std::move(search.values);
}

// The address of the page for the links of `sluice web`.
std::string page_address(const HttpSettings& settings) {
    if (!settings.url.empty() || settings.listen.empty())
        return settings.url;
    const auto& address = settings.listen.front();
    const auto colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    char name[256] = "";
    if ((host == "0.0.0.0" || host == "[::]" || host == "*") &&
        ::gethostname(name, sizeof name - 1) == 0)
        host = name;
    return (settings.tls_certificate.empty() ? "http://" : "https://") + host +
           address.substr(colon) + '/';
}

void resume(MHD_Connection* connection, Exchange& exchange, Response response) {
    exchange.response = std::move(response);
    exchange.answered = true;
    MHD_resume_connection(connection);
}

Response stopping() {
    return failure(503, "sluiced is stopping. Try again in a moment.");
}

} // namespace

RequestHandler::RequestHandler(const HttpSettings& settings, ports::Services services,
                               std::vector<Route> more)
    : staff_uids_(settings.staff_uids), rights_(settings.staff), services_(std::move(services)),
      more_(std::move(more)), names_(known_names(settings.listen, settings.url)),
      deadlines_(settings.request_time, settings.answer_time),
      answers_(kAnswerThreads, kMaxWaiting), cycles_(1, kMaxCyclesWaiting),
      logins_(kLoginThreads, kMaxLoginsWaiting) {}

Result<void> RequestHandler::open_logins(const HttpSettings& settings) {
    auto opened = TokenFile::open(settings.tokens);
    if (!opened)
        return opened.error();
    tokens_ = std::move(*opened);
    auto made = Nonces::create();
    if (!made)
        return made.error();
    nonces_ = std::make_unique<Nonces>(std::move(*made));
    if (!settings.proxy.header.empty()) {
        auto proxy = ProxyLogin::open(settings.proxy);
        if (!proxy)
            return proxy.error();
        proxy_ = std::move(*proxy);
    }
    login_ = std::make_unique<Login>(LoginSettings{settings.staff_uids, settings.munge_socket},
                                     *tokens_, *nonces_, sessions_, proxy_.get());
    page_ = page_address(settings);
    proxied_page_ = settings.url;
    return {};
}

bool RequestHandler::staff(std::uint32_t uid) const {
    return std::find(staff_uids_.begin(), staff_uids_.end(), uid) != staff_uids_.end();
}

void RequestHandler::run(std::function<void()> task) {
    answers_.submit([task = std::move(task)](bool abandoned) { abandoned ? void() : task(); });
}

// Logins first, since those that run go on to the other two.
void RequestHandler::stop() {
    logins_.stop();
    cycles_.stop();
    answers_.stop();
}

void RequestHandler::begin(MHD_Connection* connection, Exchange& exchange, const char* url,
                           const char* method, const char* version) const {
    auto& request = exchange.request;
    exchange.begun = true;
    exchange.method = method;
    exchange.head = exchange.method == "HEAD";
    request.method = exchange.head ? "GET" : method;
    request.path = url;
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, &request);
    exchange.authorization = header(connection, "Authorization");
    exchange.cookie = header(connection, "Cookie");
    exchange.from_page = header(connection, "X-Sluice-Request") == "1";
    if (proxy_)
        exchange.proxy = {headers_named(connection, proxy_->settings().header),
                          headers_named(connection, proxy_->settings().secret_header)};
    exchange.accepted = {accepts_gzip(header(connection, "Accept-Encoding")),
                         header(connection, "If-None-Match")};
    const auto* tls = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    exchange.site = {header(connection, "Content-Type"),
                     header(connection, "Origin"),
                     header(connection, "Sec-Fetch-Site"),
                     header(connection, "Host"),
                     tls != nullptr && tls->tls_session != nullptr,
                     proxied_page_};
    request.https = exchange.site.tls || lower(exchange.site.origin).starts_with("https://");
    if (!exchange.site.host.empty())
        request.origin = (exchange.site.tls ? "https://" : "http://") + exchange.site.host;
    exchange.fault = framing_fault(connection, method, exchange.target, version);
    if (!exchange.fault && exchange.arguments_cut_off)
        exchange.fault = too_many_arguments();
}

// Staff on the Unix socket, known before the body arrives, may send a whole configuration file.
std::size_t RequestHandler::most_of(MHD_Connection* connection, const std::string& path) const {
    const auto* peer = peer_of(connection);
    const bool trusted = peer != nullptr && peer->uid && staff(*peer->uid);
    const bool settings = path == "/api/v1/evaluate" || path == "/api/v1/replays";
    return trusted && settings ? kMaxSettings : kMaxBody;
}

MhdResult RequestHandler::advance(MHD_Connection* connection, Exchange& exchange, const char* data,
                                  std::size_t* size) {
    if (!exchange.started) {
        exchange.started = true;
        exchange.most = most_of(connection, exchange.request.path);
        if (!exchange.fault && announced_length(connection) > exchange.most)
            exchange.fault = too_large(exchange.most);
        return exchange.fault ? queue_response(connection, *exchange.fault, exchange.site.tls)
                              : MHD_YES;
    }
    if (*size != 0) {
        exchange.received += *size;
        if (exchange.received > std::max(exchange.most, kMaxDrained))
            return MHD_NO;
        if (exchange.received <= exchange.most)
            exchange.request.body.append(data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (exchange.answered) {
        deadlines_.sends(exchange.deadline);
        return queue_response(connection, exchange.response, exchange.site.tls);
    }
    return answer(connection, exchange);
}

MhdResult RequestHandler::answer(MHD_Connection* connection, Exchange& exchange) {
    const auto now = [&](const Response& response) {
        return queue_response(connection, response, exchange.site.tls);
    };
    if (exchange.received > exchange.most)
        return now(too_large(exchange.most));
    const auto* peer = peer_of(connection);
    if (peer == nullptr || (!peer->uid && peer->address.empty()))
        return now(failure(401, "The kernel reports no peer for this connection."));
    if (peer->over)
        return now(too_many("You have too many open connections. Close some of them."));
    // A proxy proves itself by its secret, whatever name its users know it by.
    const auto door = peer->uid ? Door::socket : exchange.site.tls ? Door::encrypted : Door::plain;
    if (peer->uid || !exchange.proxy.sent())
        if (const auto fault = foreign_name_fault(exchange.site, door, names_))
            return now(*fault);
    if (changes(exchange.method))
        if (const auto fault = cross_site_fault(exchange.site))
            return now(*fault);
    exchange.deadline = peer->deadline;
    exchange.address = exchange.request.address = peer->address;
    if (peer->uid) {
        // The rights would be those of the proxy, whoever its client is.
        if (exchange.proxy.sent())
            return now(failure(403, "The headers of http.proxy came over the Unix socket. Let the "
                                    "proxy connect to an address of http.listen."));
        exchange.request.viewer = {*peer->uid, staff(*peer->uid), "", false, LoginKind::socket};
    }
    deadlines_.waits(exchange.deadline);
    MHD_suspend_connection(connection);
    if (needs_login(exchange) && login_->waits(login_of(exchange)))
        log_in(connection, exchange);
    else
        queue(connection, exchange);
    return MHD_YES;
}

bool RequestHandler::needs_login(const Exchange& exchange) const {
    return !exchange.address.empty() && !exchange.logged_in && !is_open(exchange.request);
}

LoginRequest RequestHandler::login_of(const Exchange& exchange) const {
    return {exchange.authorization, exchange.address, exchange.method, exchange.target,
            exchange.request.body,  exchange.cookie,  &exchange.proxy, exchange.from_page};
}

// munged and the user database may hang, and any user may cause the first: these logins have
// threads of their own, so that neither the Unix socket nor tokens wait for them, and each address
// but that of an authenticating proxy has its share of the queue.
void RequestHandler::log_in(MHD_Connection* connection, Exchange& exchange) {
    if (!enter_login(exchange.address))
        return resume(connection, exchange,
                      too_many("Too many logins from your address are waiting. Try again later."));
    const bool taken = logins_.submit([this, connection, &exchange](bool abandoned) {
        auto refusal = abandoned ? std::optional(stopping()) : identify(exchange);
        leave_login(exchange.address);
        if (refusal)
            return resume(connection, exchange, std::move(*refusal));
        queue(connection, exchange);
    });
    if (taken)
        return;
    leave_login(exchange.address);
    resume(connection, exchange, too_many("Too many logins are waiting. Try again later."));
}

bool RequestHandler::enter_login(const std::string& address) {
    auto count = logins_of_.lock();
    auto& waiting = (*count)[address];
    if (waiting >= kMaxLoginsOfAddress && (!proxy_ || !proxy_->is_proxy(address)))
        return false;
    ++waiting;
    return true;
}

void RequestHandler::leave_login(const std::string& address) {
    auto count = logins_of_.lock();
    if (const auto found = count->find(address); --found->second == 0)
        count->erase(found);
}

void RequestHandler::queue(MHD_Connection* connection, Exchange& exchange) {
    WorkerPool& pool = waits(exchange.request, more_) ? cycles_ : answers_;
    const bool taken = pool.submit([this, connection, &exchange](bool abandoned) {
        resume(connection, exchange, abandoned ? stopping() : respond(exchange));
    });
    if (!taken)
        resume(connection, exchange, too_many("Too many requests are waiting. Try again later."));
}

// nullopt: the viewer of the request is known.
std::optional<Response> RequestHandler::identify(Exchange& exchange) {
    auto found = login_->identify(login_of(exchange));
    if (auto* refusal = std::get_if<Response>(&found))
        return std::move(*refusal);
    exchange.request.viewer = std::get<Viewer>(found);
    exchange.logged_in = true;
    return std::nullopt;
}

Response RequestHandler::respond(Exchange& exchange) {
    if (needs_login(exchange))
        if (auto refusal = identify(exchange))
            return std::move(*refusal);
    if (!is_open(exchange.request))
        rights_.add_to(exchange.request.viewer, services_, Rights::Clock::now());
    const bool by_code = !exchange.address.empty() && exchange.request.path == kSessionPath &&
                         exchange.request.method == "POST";
    if (by_code && !exchange.from_page)
        return failure(403, "A link is opened by the page of sluiced, which sends the header "
                            "X-Sluice-Request: 1.");
    auto response = dispatch(
        exchange.request, services_,
        {tokens_.get(), &accounts_, nonces_.get(), more_, login_ ? &sessions_ : nullptr, page_});
    if (by_code)
        response = login_->counted(exchange.address, std::move(response));
    if (!changes(exchange.method))
        encode(response, exchange.accepted);
    return response;
}

} // namespace sluice::http
