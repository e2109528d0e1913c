// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/api/api.hpp"

#include "common/base/text.hpp"

#include <charconv>

namespace sluice::waldur {
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
            return failed({code_of(answer->status), error_text(answer->status, answer->body)},
                          answer->status, answer->retry_after);
        if (headers != nullptr)
            *headers = {answer->status, "", answer->result_count, answer->link, {}};
        if (trim(answer->body).empty())
            return {json::Value(), std::nullopt};
        auto parsed = json::parse(answer->body, kAnswer);
        if (!parsed) // a proxy's page, or cut: the next try may get all of it
            return failed({Errc::unavailable, "the answer is no JSON: " + parsed.error().context},
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
        return Error{Errc::unavailable, "waldur: " + path + ": the answer is no list"};
    for (const auto& item : called.value.view().items())
        take(item);
    page.seen += called.value.view().size();
    if (page.count && headers.result_count && *page.count != *headers.result_count)
        return Error{Errc::unavailable, "waldur: " + path + ": changed while it was read"};
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

} // namespace sluice::waldur
