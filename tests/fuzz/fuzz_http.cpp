// SPDX-License-Identifier: GPL-2.0-or-later
// Any request of anybody: "METHOD path?key=value&...", a line feed, the body; the first byte says
// who asks. The answer is JSON with a known status, a user never sees a foreign account or starts a
// cycle.
#include "daemon/http/router.hpp"
#include "tests/daemon/http/fake_service.hpp"

#include "common/base/text.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace sluice;

http::Request request_of(std::string_view text) {
    http::Request out;
    out.viewer = {sluice::test::kAlice, false};
    if (!text.empty() && text.front() == '#') {
        out.viewer = {0, true};
        text.remove_prefix(1);
    }
    const std::string_view line = text.substr(0, text.find('\n'));
    out.body = line.size() < text.size() ? text.substr(line.size() + 1) : "";
    const std::size_t blank = line.find(' ');
    out.method = line.substr(0, blank);
    const std::string_view target = blank < line.size() ? line.substr(blank + 1) : "";
    const std::size_t mark = target.find('?');
    out.path = target.substr(0, mark);
    if (mark < target.size())
        for (const auto& pair : split(target.substr(mark + 1), '&')) {
            const std::size_t equal = pair.find('=');
            out.query[pair.substr(0, equal)] = equal < pair.size() ? pair.substr(equal + 1) : "";
        }
    return out;
}

void require(bool condition) {
    if (!condition)
        std::abort();
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static sluice::test::FakeService service;
    const auto request = request_of({reinterpret_cast<const char*>(data), size});
    const int before = service.evaluating;
    service.books.last = {};
    const auto response = http::dispatch(request, service);
    require(response.status == 200 || response.status == 201 || response.status == 400 ||
            response.status == 403 || response.status == 404 || response.status == 405);
    if (response.type == "application/json")
        require(json::parse(response.body, {.bytes = 1 << 24, .depth = 32}).has_value());
    if (!request.viewer.staff) {
        require(service.evaluating == before);
        require(service.books.last.by.empty()); // entered nothing
        require(response.body.find("\"account\":\"chem\"") == std::string::npos);
        require(response.body.find("\"resource_name\":\"chem\"") == std::string::npos);
        // Elsewhere it may be what was asked for, said back in a fault.
        if (response.type.starts_with("text/html"))
            require(response.body.find("<strong>chem") == std::string::npos);
    }
    return 0;
}
