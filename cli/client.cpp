// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/client.hpp"

#include "common/base/curl_handle.hpp"
#include "common/base/files.hpp"
#include "common/base/text.hpp"
#include "common/cred/http_login.hpp"
#include "common/cred/munge.hpp"
#include "common/hash/hash.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <curl/curl.h>
#include <memory>
#include <optional>
#include <random>
#include <thread>

namespace sluice::cli {

struct Client::Exchange {
    std::string target;
    std::optional<std::string> body = {}; // set: POST
    long seconds = 60;                    // for a whole answer
    const char* method = nullptr;         // not GET or POST
    long silent = 0;                      // longest time without a byte; 0: any
    long connect = 5;                     // seconds to connect
    Waiting waiting = {};
};

namespace {

constexpr std::size_t kMaxAnswer = 256U * 1024 * 1024; // 100,000 accounts are about 100 MB
constexpr long kReadSeconds = 60;
constexpr long kSilentSeconds = 10; // answers are made from memory
constexpr long kCycleSeconds = 600;
// A server of which another one can take the place: to connect, and to answer anything.
constexpr long kSpareConnectSeconds = 1;
constexpr long kSpareSeconds = 2;
// 429: many users of a login node ask at once. Each time a random part of the longer wait.
constexpr int kTries = 8;
constexpr std::chrono::milliseconds kFirstPause{100};

constexpr std::chrono::seconds kFirstWait{3};
constexpr std::chrono::seconds kNextWait{10};

// Calls `waiting` in the middle of an exchange; libcurl calls this about once a second.
struct WaitTimer {
    const Client::Waiting& waiting;
    std::chrono::steady_clock::time_point due = std::chrono::steady_clock::now() + kFirstWait;

    static int look(void* timer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        auto& self = *static_cast<WaitTimer*>(timer);
        if (const auto now = std::chrono::steady_clock::now(); now >= self.due) {
            self.due = now + kNextWait;
            self.waiting();
        }
        return 0;
    }
};

std::size_t take(char* data, std::size_t size, std::size_t count, void* out) {
    auto& text = *static_cast<std::string*>(out);
    const std::size_t bytes = size * count;
    if (text.size() + bytes > kMaxAnswer)
        return 0;
    try {
        text.append(data, bytes);
    } catch (...) {
        return 0;
    }
    return bytes;
}

struct Received {
    CURLcode code = CURLE_OK;
    long status = 0;
    long os_error = 0;
    std::string body;
    std::string detail; // of an error, in libcurl's words

    bool answered() const { return code == CURLE_OK; }
    std::string fault() const {
        if (code == CURLE_COULDNT_CONNECT && os_error != 0)
            return std::strerror(static_cast<int>(os_error));
        return detail.empty() ? curl_easy_strerror(code) : detail;
    }
};

// One handle for the exchanges of a command: the second one uses the connection of the first.
class Line {
public:
    explicit Line(const Route& route) : route_(route), easy_(curl_easy_init()) {}

    // `server` "": the socket. Option setters fail only for lack of memory or an option unknown to
    // an older libcurl; the exchange then fails by itself.
    Received send(const std::string& server, const Client::Exchange& exchange,
                  const std::string& credential = {}) {
        Received out;
        CURL* easy = easy_.get();
        HeaderList headers(curl_slist_append(nullptr, "Content-Type: application/json"));
        if (!credential.empty() && headers)
            if (auto* longer = curl_slist_append(headers.get(),
                                                 ("Authorization: Munge " + credential).c_str());
                longer == nullptr)
                headers.reset();
        if (easy == nullptr || !headers) {
            out.code = CURLE_FAILED_INIT;
            return out;
        }
        curl_easy_reset(easy);
        if (server.empty())
            curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, route_.socket.c_str());
        else
            prepare_tls(easy);
        const std::string url = (server.empty() ? "http://localhost" : server) + exchange.target;
        char detail[CURL_ERROR_SIZE] = "";
        prepare(easy, exchange, url);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &out.body);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
        WaitTimer timer{exchange.waiting};
        if (exchange.waiting) {
            curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, WaitTimer::look);
            curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &timer);
            curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
        }
        out.code = curl_easy_perform(easy);
        out.detail = detail;
        curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &out.os_error);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &out.status);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
        return out;
    }

private:
    static void prepare(CURL* easy, const Client::Exchange& exchange, const std::string& url) {
        curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, exchange.connect);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT, exchange.seconds);
        if (exchange.silent != 0) {
            curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
            curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, exchange.silent);
        }
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "sluice");
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
        if (exchange.method != nullptr)
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, exchange.method);
        if (exchange.body) {
            curl_easy_setopt(easy, CURLOPT_POST, 1L);
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange.body->c_str());
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(exchange.body->size()));
        }
    }

    // libcurl verifies certificate and host name unless it is told not to.
    void prepare_tls(CURL* easy) const {
#if LIBCURL_VERSION_NUM >= 0x075500
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
#else
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
        curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
        if (!route_.ca_file.empty())
            curl_easy_setopt(easy, CURLOPT_CAINFO, route_.ca_file.c_str());
    }

    const Route& route_;
    EasyHandle easy_;
};

Error no_response(const std::string& where, const Client::Exchange& exchange) {
    return Error{Errc::timeout,
                 "no response from sluiced at " + where + " within " +
                     std::to_string(exchange.silent != 0 ? exchange.silent : exchange.seconds) +
                     " s; see journalctl -u sluiced on its host"};
}

// On the socket.
Error unreachable(const Route& route, const Client::Exchange& exchange, const Received& failed) {
    const std::string where = "cannot reach sluiced at " + route.socket + ": " + failed.fault();
    if (failed.code == CURLE_OPERATION_TIMEDOUT)
        return no_response(route.socket, exchange);
    if (failed.code == CURLE_WRITE_ERROR)
        return Error{Errc::overflow,
                     "the response of sluiced at " + route.socket + " is too large"};
    if (failed.code != CURLE_COULDNT_CONNECT)
        return Error{Errc::unavailable, where};
    if (failed.os_error == EACCES)
        return Error{Errc::refused, where + "; the directory of the socket is closed to you"};
    return Error{Errc::unavailable, where + "; check the service with: systemctl status sluiced" +
                                        (route.hint.empty() ? "" : "; " + route.hint)};
}

// What to do when this server cannot be reached.
std::string remedy(const Route& route, const Received& failed) {
    switch (failed.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "correct the host name in --server, SLUICE_SERVER or client.conf";
    case CURLE_PEER_FAILED_VERIFICATION:
        return (route.ca_file.empty()
                    ? std::string("name the CA that signed its certificate by --ca-file, "
                                  "SLUICE_CA_FILE or CAFile= in client.conf")
                    : "check that " + route.ca_file + " is the CA that signed its certificate") +
               ", and use the host name that the certificate has";
    case CURLE_SSL_CACERT_BADFILE:
        return "correct CAFile= in client.conf, --ca-file or SLUICE_CA_FILE";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
        return "check that this is the port of http.listen in sluiced.yaml, and that it has "
               "tls_certificate for https://";
    default:
        return "check on that host: systemctl status sluiced, and http.listen in sluiced.yaml; and "
               "the firewalls between";
    }
}

Error refused(long status, const std::string& body, std::vector<std::string>* several) {
    const auto answer = json::parse(body);
    if (answer && several != nullptr && status == 400)
        *several = (*answer)["clusters"].texts();
    std::string detail = answer ? (*answer)["detail"].text() : "";
    if (detail.empty())
        detail = "sluiced responded with HTTP status " + std::to_string(status);
    if (several != nullptr && !several->empty())
        return Error{Errc::conflict, std::move(detail)};
    return Error{status == 404 ? Errc::not_found : Errc::refused, std::move(detail)};
}

void pause_before(int next_try) {
    std::random_device random;
    const auto most = kFirstPause.count() << std::min(next_try, 4);
    std::this_thread::sleep_for(kFirstPause +
                                std::chrono::milliseconds(static_cast<long>(random()) % most));
}

// Requests to servers. The first that answers the request for a nonce, with whatever status, gets
// the request itself.
class Remote {
public:
    Remote(const Route& route, std::string* answered)
        : route_(route), answered_(answered), line_(route) {}

    Result<Received> request(const Client::Exchange& exchange) {
        for (int attempt = 1;; ++attempt) {
            auto nonce = find();
            if (!nonce)
                return std::move(nonce).error();
            Received got = std::move(*nonce);
            if (got.status == 200) {
                auto credential = make_credential(got.body, exchange);
                if (!credential)
                    return std::move(credential).error();
                got = line_.send(server_, exchange, *credential);
                if (!got.answered())
                    return lost(exchange, got);
            } else if (got.status != 429) {
                return Error{
                    Errc::malformed,
                    server_ + " responded with HTTP status " + std::to_string(got.status) +
                        " to GET /api/v1/nonce; check that sluiced listens at this address"};
            }
            if (got.status != 429 || attempt == kTries)
                return got;
            pause_before(attempt);
        }
    }
    const std::string& server() const { return server_; }

private:
    // The answer with a nonce, of `server_`.
    Result<Received> find() {
        std::vector<std::string> servers = route_.servers;
        if (answered_ != nullptr && !answered_->empty())
            servers = {*answered_};
        std::string faults;
        std::string advice;
        for (std::size_t i = 0; i < servers.size(); ++i) {
            const bool last = i + 1 == servers.size();
            Client::Exchange exchange{"/api/v1/nonce"};
            exchange.connect = last ? exchange.connect : kSpareConnectSeconds;
            exchange.seconds = last ? kSilentSeconds : kSpareSeconds;
            auto got = line_.send(servers[i], exchange);
            if (got.answered()) {
                server_ = servers[i];
                if (answered_ != nullptr)
                    *answered_ = server_;
                return got;
            }
            faults += (faults.empty() ? " at " : ", nor at ") + servers[i] + ": " + got.fault();
            if (advice.empty())
                advice = remedy(route_, got);
        }
        return Error{Errc::unavailable, "cannot reach sluiced" + faults + "; " + advice};
    }

    Result<std::string> make_credential(const std::string& answer,
                                        const Client::Exchange& exchange) const {
        const auto parsed = json::parse(answer);
        const std::string nonce = parsed ? (*parsed)["nonce"].text() : "";
        if (nonce.empty() || nonce.find('\n') != std::string::npos)
            return Error{Errc::malformed, server_ + " sent no nonce for a login; check that "
                                                    "sluiced listens at this address"};
        const auto digest = hash::sha256(exchange.body.value_or(""));
        if (!digest)
            return digest.error();
        const std::string method = exchange.method != nullptr ? exchange.method
                                   : exchange.body            ? "POST"
                                                              : "GET";
        const auto text = cred::http_login_text(nonce, method, exchange.target, hash::hex(*digest));
        auto munge = cred::MungeContext::create(route_.munge_socket);
        auto made = munge ? munge->encode(text, std::nullopt) : Result<std::string>(munge.error());
        if (!made)
            return Error{made.error().code,
                         "munged on this host does not respond, and " + server_ +
                             " accepts no other login of a user; start it with: systemctl start "
                             "munge, or run sluice on the host of sluiced"};
        return made;
    }

    Error lost(const Client::Exchange& exchange, const Received& failed) const {
        if (failed.code == CURLE_OPERATION_TIMEDOUT)
            return no_response(server_, exchange);
        if (failed.code == CURLE_WRITE_ERROR)
            return Error{Errc::overflow, "the response of sluiced at " + server_ + " is too large"};
        return Error{Errc::unavailable, "connection to sluiced at " + server_ +
                                            " lost: " + failed.fault() + "; run the command again"};
    }

    const Route& route_;
    std::string* answered_;
    Line line_;
    std::string server_;
};

} // namespace

Result<json::Value> Client::perform(Exchange exchange, std::vector<std::string>* several) const {
    if (!route_)
        return route_.error();
    std::string where = route_->socket;
    Received got;
    if (route_->servers.empty()) {
        got = Line(*route_).send("", exchange);
        if (!got.answered())
            return unreachable(*route_, exchange, got);
    } else {
        if (!route_->ca_file.empty())
            if (const auto readable = check_regular(route_->ca_file); !readable)
                return Error(readable.error()).in("file of the CA");
        Remote remote(*route_, answered_);
        auto answer = remote.request(exchange);
        if (!answer)
            return std::move(answer).error();
        got = std::move(*answer);
        where = remote.server();
    }
    if (got.status == 401)
        return Error{Errc::refused,
                     "sluiced at " + where +
                         " refuses this login: " + refused(got.status, got.body, nullptr).context +
                         " This host and that of sluiced need the same munge key, and clocks that "
                         "agree."};
    if (got.status < 200 || got.status > 299)
        return refused(got.status, got.body, several);
    auto parsed = json::parse(got.body, {.bytes = kMaxAnswer, .depth = 64});
    if (!parsed)
        return std::move(parsed).error().in("the response of sluiced at " + where);
    return parsed;
}

std::string target(const std::string& path, const Parameters& parameters) {
    std::string out = path;
    char separator = '?';
    for (const auto& [key, value] : parameters) {
        (out += separator) += percent_encoded(key);
        (out += '=') += percent_encoded(value);
        separator = '&';
    }
    return out;
}

Parameters Client::with_cluster(Parameters parameters) const {
    if (!cluster_.empty())
        parameters.emplace_back("cluster", cluster_);
    return parameters;
}

Result<json::Value> Client::get(const std::string& path, const Parameters& parameters) const {
    // These two requests ask Slurm.
    bool slow = path == "/api/v1/controller";
    for (const auto& [key, value] : parameters)
        slow = slow || key == "by_user";
    return perform({target(path, with_cluster(parameters)), std::nullopt, kReadSeconds, nullptr,
                    slow ? 0 : kSilentSeconds},
                   several_);
}

Result<json::Value> Client::post(const std::string& path, const json::Value& body,
                                 const Waiting& waiting) const {
    // An entry is made once, in one cluster.
    const bool shows = path == "/api/v1/evaluate";
    return perform(
        {target(path, with_cluster({})), body.compact(), kCycleSeconds, nullptr, 0, 5, waiting},
        shows ? several_ : nullptr);
}

Result<json::Value> Client::send(const char* method, const std::string& path,
                                 const json::Value& body) const {
    return perform({target(path, with_cluster({})), body.compact(), kCycleSeconds, method, 0},
                   nullptr);
}

} // namespace sluice::cli
