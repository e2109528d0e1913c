// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/api/api.hpp"

#include "common/base/curl_handle.hpp"
#include "common/base/files.hpp"
#include "common/base/text.hpp"
#include "common/json/json.hpp"
#include "waldur/api/offering.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <curl/curl.h>

namespace sluice::waldur {
namespace {

constexpr std::size_t kMaxHeader = 8192;
constexpr long kSlowBytes = 10; // a second, for kSlowSeconds: it hangs
constexpr long kSlowSeconds = 30;

struct Receiver {
    HttpAnswer answer;
    std::size_t most_bytes = 0;
    bool overflow = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* out) {
    auto& receiver = *static_cast<Receiver*>(out);
    const std::size_t bytes = size * count;
    if (receiver.answer.body.size() + bytes > receiver.most_bytes) {
        receiver.overflow = true;
        return 0;
    }
    try {
        receiver.answer.body.append(data, bytes);
    } catch (...) {
        return 0;
    }
    return bytes;
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size() || value < 0)
        return std::nullopt;
    return value;
}

void note_header(HttpAnswer& answer, std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.size() > kMaxHeader)
        return;
    const std::string key = lower(trim(line.substr(0, colon)));
    const std::string_view value = trim(line.substr(colon + 1));
    if (key == "x-result-count")
        answer.result_count = number(value);
    else if (key == "link")
        answer.link = value;
    else if (key == "retry-after")
        // The form with a date is left to our own backoff.
        if (const auto seconds = number(value))
            answer.retry_after = std::chrono::seconds{*seconds};
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* out) {
    const std::size_t bytes = size * count;
    try {
        auto& answer = static_cast<Receiver*>(out)->answer;
        const std::string_view line(data, bytes);
        if (line.substr(0, 5) == "HTTP/") // 100 Continue and the like come before
            answer = {};
        note_header(answer, line);
    } catch (...) {
        return 0;
    }
    return bytes;
}

int look_for_end(void* interrupted, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<std::atomic<bool>*>(interrupted)->load() ? 1 : 0;
}

Error failure(CURLcode code, const char* detail, const Receiver& receiver) {
    const std::string text = *detail != '\0' ? detail : curl_easy_strerror(code);
    if (receiver.overflow)
        return {Errc::overflow,
                "the answer is longer than " + std::to_string(receiver.most_bytes) + " bytes"};
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return {Errc::timeout, text};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return {Errc::refused, text + "; set waldur.ca_file to the CA certificates of the site"};
    default:
        return {Errc::unavailable, text};
    }
}

} // namespace

struct Http::Handle {
    EasyHandle easy;
    char detail[CURL_ERROR_SIZE] = "";
};

Http::Http(HttpOptions options)
    : options_(std::move(options)), handle_(std::make_unique<Handle>()) {
    handle_->easy.reset(curl_easy_init());
}

Http::~Http() = default;

// Setters fail only for lack of memory or an option unknown to an older libcurl; the exchange then
// fails by itself.
Result<HttpAnswer> Http::exchange(const HttpRequest& request) {
    if (auto usable = check_regular(options_.ca_file); !usable)
        return std::move(usable).error().in("waldur.ca_file");
    if (!handle_->easy)
        return Error{Errc::internal, "libcurl cannot be initialised"};
    CURL* easy = handle_->easy.get();
    curl_easy_reset(easy); // keeps the connection
    handle_->detail[0] = '\0';
    Receiver receiver;
    receiver.most_bytes = options_.most_bytes;
    HeaderList headers(curl_slist_append(nullptr, "Accept: application/json"));
    const auto header = [&](const std::string& line) {
        if (curl_slist* longer = curl_slist_append(headers.get(), line.c_str()))
            (void)headers.release(), headers.reset(longer);
    };
    if (!request.authorization.empty())
        header("Authorization: " + request.authorization);
    if (request.body)
        header("Content-Type: " + request.content_type);
    header("Expect:"); // no wait for 100 Continue
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handle_->detail);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "sluice");
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT,
                     static_cast<long>(options_.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, static_cast<long>(options_.timeout.count()));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, kSlowBytes);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, options_.verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, options_.verify ? 2L : 0L);
    if (!options_.ca_file.empty())
        curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &receiver);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &receiver);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_for_end);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &interrupted_);
    if (request.body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body->size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body->c_str());
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    const CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK)
        return failure(code, handle_->detail, receiver);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &receiver.answer.status);
    return std::move(receiver.answer);
}

namespace {

constexpr std::chrono::seconds kEarly{30};     // a token is not used until its last second
constexpr std::chrono::seconds kUnstated{300}; // where the server gives no lifetime
constexpr std::chrono::seconds kRenewEvery{10};
constexpr std::size_t kMaxSecretFile = 16384;

} // namespace

Result<Secret> read_secret(const std::string& path) {
    auto whole = read_file(path, kMaxSecretFile, ReadableBy::group);
    if (!whole)
        return std::move(whole).error();
    const Secret bytes(std::move(*whole));
    const auto text = bytes.reveal();
    Secret secret{std::string(trim(text.substr(0, text.find('\n'))))};
    const auto clear = [](char c) { return c > ' ' && c != '\x7f'; };
    const auto shown = secret.reveal();
    if (shown.empty() || !std::all_of(shown.begin(), shown.end(), clear))
        return Error{Errc::refused, path + ": no token in its first line; write the token there"};
    return secret;
}

Result<std::string> Login::authorization() {
    const bool oidc = !options_.oidc_token_url.empty();
    if (!held_.empty() && (!oidc || clock_.now() < valid_until_))
        return std::string(held_.reveal());
    if (oidc)
        return fetch();
    if (options_.token_file.empty()) {
        held_ = Secret("Token " + std::string(options_.token ? options_.token->reveal() : ""));
    } else {
        const auto token = read_secret(options_.token_file);
        if (!token)
            return token.error();
        held_ = Secret("Token " + std::string(token->reveal()));
    }
    return std::string(held_.reveal());
}

bool Login::renew() {
    if (options_.oidc_token_url.empty() && options_.token_file.empty())
        return false;
    if (clock_.now() - renewed_ < kRenewEvery)
        return false;
    renewed_ = clock_.now();
    held_ = {};
    return true;
}

Result<std::string> Login::fetch() {
    std::string secret;
    if (options_.oidc_secret_file.empty()) {
        secret = options_.oidc_secret ? options_.oidc_secret->reveal() : "";
    } else {
        const auto read = read_secret(options_.oidc_secret_file);
        if (!read)
            return read.error();
        secret = read->reveal();
    }
    HttpRequest request;
    request.method = "POST";
    request.url = options_.oidc_token_url;
    request.content_type = "application/x-www-form-urlencoded";
    request.body =
        "grant_type=client_credentials&client_id=" + percent_encoded(options_.oidc_client_id) +
        "&client_secret=" + percent_encoded(secret);
    const auto answer = http_.exchange(request);
    if (!answer)
        return Error(answer.error()).in("OIDC server");
    if (answer->status >= 500 || answer->status == 429)
        return Error{Errc::unavailable, "OIDC server: HTTP " + std::to_string(answer->status)};
    const auto parsed = json::parse(answer->body);
    if (answer->status != 200 || !parsed || (*parsed)["access_token"].text().empty())
        return Error{Errc::refused, "OIDC server: HTTP " + std::to_string(answer->status) +
                                        " without a token; check oidc_client_id and its secret"};
    const auto seconds = std::chrono::seconds{
        std::clamp<std::int64_t>((*parsed)["expires_in"].integer(kUnstated.count()), 0, 86400)};
    valid_until_ = clock_.now() + std::max(seconds - kEarly, std::chrono::seconds{1});
    held_ = Secret("Bearer " + std::string((*parsed)["access_token"].text()));
    return std::string(held_.reveal());
}

namespace {

constexpr json::Bounds kAnswer{32U * 1024 * 1024, 32};
constexpr const char* kPageSize = "200"; // Waldur allows 300
constexpr std::size_t kMaxPages = 10'000;
constexpr std::size_t kMaxText = 500;

Errc code_of(long status) {
    if (status == 401 || status == 403)
        return Errc::refused;
    if (status == 404)
        return Errc::not_found;
    if (status == 409)
        return Errc::conflict;
    return status >= 500 || status == 429 || status == 408 ? Errc::unavailable : Errc::malformed;
}

std::string address(const std::string& base, const std::string& path, const Query& query) {
    std::string url = base + path;
    char separator = '?';
    for (const auto& [key, value] : query) {
        url += separator;
        url += key;
        url += '=';
        url += percent_encoded(value);
        separator = '&';
    }
    return url;
}

// Texts of a tree, depth first, with their keys.
void collect(json::View view, const std::string& label, std::string& out) {
    if (out.size() > kMaxText)
        return;
    if (view.is_string()) {
        out += out.empty() ? "" : "; ";
        out += label.empty() ? "" : label + ": ";
        out += view.text();
    } else if (view.is_array()) {
        for (const auto& item : view.items())
            collect(item, label, out);
    } else if (view.is_object()) {
        for (const auto& key : view.keys()) {
            const bool plain = key == "detail" || key == "non_field_errors";
            collect(view[key], plain ? label : key, out);
        }
    }
}

} // namespace

struct Api::Page {
    std::size_t seen = 0;
    std::optional<std::int64_t> count;
};

std::string error_text(long status, const std::string& body) {
    std::string text;
    if (const auto parsed = json::parse(body, kAnswer))
        collect(parsed->view(), "", text);
    if (text.size() > kMaxText)
        text.resize(kMaxText);
    return "HTTP " + std::to_string(status) + (text.empty() ? "" : ": " + text);
}

std::size_t next_page(std::string_view link) {
    for (const auto& part : split(link, ',')) {
        if (part.find("rel=\"next\"") == std::string::npos)
            continue;
        for (const std::string_view key : {"?page=", "&page="}) {
            const std::size_t at = part.find(key);
            if (at == std::string::npos)
                continue;
            std::size_t number = 0;
            const char* begin = part.data() + at + key.size();
            std::from_chars(begin, part.data() + part.size(), number);
            return number;
        }
    }
    return 0;
}

Called Api::call(HttpRequest request, HttpAnswer* headers) {
    const std::string method = request.method;
    const auto failed = [](Error error, long status = 0,
                           std::optional<std::chrono::seconds> after = {}) {
        return Called{json::Value(), Fault{std::move(error).in("waldur"), status, after}};
    };
    for (;;) {
        auto authorization = login_.authorization();
        if (!authorization)
            return failed(std::move(authorization).error());
        request.authorization = *authorization;
        auto answer = http_.exchange(request);
        explicit_bzero(request.authorization.data(), request.authorization.size());
        explicit_bzero(authorization->data(), authorization->size());
        if (!answer)
            return failed(std::move(answer).error());
        if (answer->status == 401 && login_.renew())
            continue;
        if (answer->status < 200 || answer->status >= 300)
            return failed(
                {code_of(answer->status), (answer->status == 401 ? "the token is rejected: " : "") +
                                              error_text(answer->status, answer->body)},
                answer->status, answer->retry_after);
        if (headers != nullptr)
            *headers = {answer->status, "", answer->result_count, answer->link, {}};
        if (trim(answer->body).empty())
            return {json::Value(), std::nullopt};
        auto parsed = json::parse(answer->body, kAnswer);
        if (!parsed) // a proxy's page, or cut: the next try may get all of it
            return failed({Errc::unavailable, "the answer is not JSON: " + parsed.error().context},
                          answer->status);
        return {std::move(*parsed), std::nullopt};
    }
}

Result<Secret> Api::token() {
    auto authorization = login_.authorization();
    if (!authorization)
        return authorization.error();
    Secret token(authorization->substr(authorization->find(' ') + 1));
    explicit_bzero(authorization->data(), authorization->size());
    return token;
}

Called Api::get(const std::string& path, const Query& query) {
    HttpRequest request;
    request.url = address(base_, path, query);
    return call(std::move(request));
}

Called Api::send(const char* method, const std::string& path, const json::Value& body) {
    HttpRequest request;
    request.method = method;
    request.url = base_ + path;
    request.body = body.compact();
    return call(std::move(request));
}

// True: there is one more.
Result<bool> Api::page(const std::string& path, const Query& query, std::size_t number, Page& page,
                       const std::function<void(json::View)>& take) {
    Query numbered = query;
    numbered.emplace_back("page", std::to_string(number));
    numbered.emplace_back("page_size", kPageSize);
    HttpRequest request;
    request.url = address(base_, path, numbered);
    HttpAnswer headers;
    auto called = call(std::move(request), &headers);
    if (called.fault)
        return std::move(called.fault->error).in(path);
    if (!called.value.view().is_array())
        return Error{Errc::unavailable, "waldur: " + path + ": the answer is not a list"};
    for (const auto& item : called.value.view().items())
        take(item);
    page.seen += called.value.view().size();
    if (page.count && headers.result_count && *page.count != *headers.result_count)
        return Error{Errc::unavailable, "waldur: " + path + ": the list changed while it was read"};
    if (headers.result_count)
        page.count = headers.result_count;
    const std::size_t next = next_page(headers.link);
    if (next != 0 && next != number + 1)
        return Error{Errc::unavailable, "waldur: " + path + ": page " + std::to_string(next) +
                                            " follows page " + std::to_string(number)};
    return next != 0;
}

// Only the number is taken out of the link: its host may be the inner one of a proxy, and the token
// goes to the configured one only.
Result<void> Api::list(const std::string& path, Query query,
                       const std::function<void(json::View)>& take) {
    Page state;
    for (std::size_t number = 1; number <= kMaxPages; ++number) {
        const auto more = page(path, query, number, state, take);
        if (!more)
            return more.error();
        if (*more)
            continue;
        if (state.count && static_cast<std::size_t>(*state.count) != state.seen)
            return Error{Errc::unavailable, "waldur: " + path + ": " + std::to_string(state.seen) +
                                                " of " + std::to_string(*state.count) + " came"};
        return {};
    }
    return Error{Errc::overflow, "waldur: " + path + ": too many pages"};
}

std::optional<Fault> find_identity(Api& api, const std::string& name, std::string& uuid) {
    auto found = api.get(kIdentities, {{"name", name}});
    if (found.fault)
        return std::move(found.fault);
    uuid.clear();
    for (const auto& item : found.value.view().items())
        if (item["name"].text() == name)
            uuid = uuid_of(item["uuid"].text());
    return std::nullopt;
}

} // namespace sluice::waldur
