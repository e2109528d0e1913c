// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/server/request_checks.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {
namespace {

struct Line {
    const char* name;
    const char* value;
};

// Headers of which a second one has two readings.
constexpr std::array<std::string_view, 9> kOnce{
    "host",           "content-length", "transfer-encoding",
    "authorization",  "content-type",   "origin",
    "sec-fetch-site", "cookie",         "x-sluice-request"};

// Addresses as numbers: pointers into different blocks must not be compared.
std::uintptr_t begin_of(const char* text) {
    return reinterpret_cast<std::uintptr_t>(text);
}

std::uintptr_t end_of(const char* text) {
    return begin_of(text) + std::strlen(text);
}

// The text of the header, from its first byte to the one after its last.
struct Extent {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;

    bool has(std::uintptr_t from, std::uintptr_t to) const {
        return begin <= from && from <= to && to <= end;
    }
};

Extent extent_of(MHD_Connection* connection, const char* method) {
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const std::size_t size = info != nullptr ? info->header_size : 0;
    return {begin_of(method), begin_of(method) + size};
}

// Whether exactly `ends` line ends, each two bytes, separate two texts. The library ends a value at
// its first NUL, where a proxy may read on: a NUL that the client sent is one more than those that
// the library wrote, or has other text after it. One case cannot be detected: a NUL and a bare CR
// or LF in the place of CR LF.
bool only_line_ends(const Extent& header, std::uintptr_t from, std::uintptr_t to, int ends) {
    if (!header.has(from, to) || to - from < 2U * static_cast<unsigned>(ends))
        return false;
    const std::string_view between(reinterpret_cast<const char*>(from), to - from);
    constexpr std::string_view kAllowed("\0 \t\r\n", 5);
    return between.find_first_not_of(kAllowed) == std::string_view::npos &&
           std::count(between.begin(), between.end(), '\0') <= 2 * ends;
}

// libmicrohttpd before 1.0 accepts a bare line feed as the end of a line and joins folded lines; no
// option changes that. But the text of the header stays in the buffer that it was received in, with
// NULs for the line ends: a next line that begins one byte after the end of the last one had a bare
// line feed before it, and a name that was folded has been copied behind its value. Neither happens
// with a well-formed header, in any release.
bool lines_are_odd(const Extent& header, const std::vector<Line>& lines, const char* version) {
    std::uintptr_t last = end_of(version);
    for (const auto& line : lines) {
        if (begin_of(line.value) < begin_of(line.name) ||
            !only_line_ends(header, last, begin_of(line.name), 1))
            return true;
        last = end_of(line.value);
    }
    // the last line and the empty one after it
    return !lines.empty() && !only_line_ends(header, last, header.end, 2);
}

// Whether one byte separates method and target, and target and version: the library ends the target
// at its first NUL, too.
bool first_line_is_odd(const char* method, std::string_view target, const char* version) {
    return end_of(method) + 1 + target.size() + 1 != begin_of(version);
}

Response refused(int status, const std::string& detail) {
    Response out = failure(status, detail);
    out.headers.emplace_back("Connection", "close");
    return out;
}

MhdResult add_line(void* out, MHD_ValueKind, const char* name, const char* value) {
    try {
        static_cast<std::vector<Line>*>(out)->push_back(
            {name, value != nullptr ? value : name + std::strlen(name)});
        return MHD_YES;
    } catch (...) {
        return MHD_NO;
    }
}

// Behind a proxy that terminates TLS the scheme is the proxy's.
bool own_origin(const SiteHeaders& headers) {
    const std::string origin = lower(headers.origin);
    const std::string host = lower(headers.host);
    const std::string page = lower(headers.page);
    if (page.starts_with(origin) && page.substr(origin.size()).starts_with('/'))
        return true;
    return !host.empty() &&
           (origin == "https://" + host || (!headers.tls && origin == "http://" + host));
}

// "[::1]:8080" is [::1], "A:80" is a. All of it where an address in brackets has other text behind.
std::string name_of(std::string_view host) {
    const auto bracket = host.starts_with('[') ? host.find(']') : std::string_view::npos;
    if (bracket == std::string_view::npos)
        return lower(host.substr(0, host.find(':')));
    const auto rest = host.substr(bracket + 1);
    return lower(rest.empty() || rest.starts_with(':') ? host.substr(0, bracket + 1) : host);
}

} // namespace

bool cut_off_arguments(const char* target) {
    const char* query = target != nullptr ? std::strchr(target, '?') : nullptr;
    if (query == nullptr)
        return false;
    const auto arguments = std::count(query, query + std::strlen(query), '&') + 1;
    if (static_cast<std::size_t>(arguments) <= kMaxArguments)
        return false;
    // The library's own buffer, which it is about to cut at each '&' itself.
    const_cast<char*>(query)[1] = '\0';
    return true;
}

std::optional<Response> framing_fault(MHD_Connection* connection, const char* method,
                                      std::string_view target, const char* version) {
    std::vector<Line> lines;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, add_line, &lines);
    if (lines_are_odd(extent_of(connection, method), lines, version))
        return refused(400, "The header has a folded line, a NUL byte, or a line that does not end "
                            "with CR LF. Send each header on one line that ends with CR LF.");
    if (target.find_first_of(" \t") != std::string_view::npos)
        return refused(400, "The path or the query has a blank in it. Send it as %20.");
    if (first_line_is_odd(method, target, version))
        return refused(400, "The request line has a NUL byte or more than two blanks. Send one "
                            "blank before and after the target.");
    std::vector<std::string> names;
    for (const auto& line : lines) {
        names.push_back(lower(line.name));
        if (names.back().find_first_of(" \t") != std::string::npos)
            return refused(400,
                           "A header name has a blank in it. Send each header as NAME: VALUE.");
    }
    const auto times = [&](std::string_view name) {
        return std::count(names.begin(), names.end(), name);
    };
    for (const auto once : kOnce)
        if (times(once) > 1)
            return refused(400, "The header " + std::string(once) +
                                    " was sent more than once. Send it once.");
    if (times("host") == 0 && std::string_view(version) == "HTTP/1.1")
        return refused(400, "The header Host is missing. Send Host: with the name of the server.");
    if (times("transfer-encoding") == 0)
        return std::nullopt;
    if (times("content-length") != 0)
        return refused(400, "Content-Length and Transfer-Encoding were both sent. Send the body "
                            "with Content-Length only.");
    return refused(411, "Transfer-Encoding is not supported. Send the body with Content-Length.");
}

std::optional<Response> cross_site_fault(const SiteHeaders& headers) {
    if (!headers.fetch_site.empty() && headers.fetch_site != "same-origin")
        return failure(403, "A page of another site sent this request (Sec-Fetch-Site: " +
                                headers.fetch_site + "). Send changes from a program.");
    if (!headers.origin.empty() && !own_origin(headers))
        return failure(403, "A page of another site sent this request (Origin: " + headers.origin +
                                "). Send changes from a program.");
    const auto type = std::string_view(headers.content_type);
    if (lower(trim(type.substr(0, type.find(';')))) != "application/json")
        return failure(415, "Requests that change something need the header "
                            "Content-Type: application/json, also without a body.");
    return std::nullopt;
}

std::vector<std::string> known_names(const std::vector<std::string>& listen, std::string_view url) {
    std::vector<std::string> names{"localhost", "127.0.0.1", "[::1]"};
    for (const auto& address : listen)
        names.push_back(name_of(address));
    if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
        url.remove_prefix(scheme + 3);
        names.push_back(name_of(url.substr(0, url.find('/'))));
    }
    return names;
}

std::optional<Response> foreign_name_fault(const SiteHeaders& headers, Door door,
                                           const std::vector<std::string>& names) {
    if (door == Door::encrypted)
        return std::nullopt;
    const std::string name = name_of(headers.host);
    if (std::find(names.begin(), names.end(), name) != names.end())
        return std::nullopt;
    const bool refused = headers.origin.empty()
                             ? door == Door::socket && name.find('.') != std::string::npos
                             : door == Door::socket || !lower(headers.origin).starts_with("https:");
    if (!refused)
        return std::nullopt;
    return failure(403, "sluiced is not known by the name in Host: " + headers.host +
                            ". Use http://localhost, or set url under http in sluiced.yaml to the "
                            "address of the page.");
}

} // namespace sluice::http
