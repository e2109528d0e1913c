// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/views/web.hpp"

#include "daemon/http/views/views.hpp"

namespace sluice::http {
namespace {

// Scripts, styles and data of this daemon only, nothing inline, no form that a browser sends by
// itself, and no text that becomes markup.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

const char* type_of(std::string_view name) {
    if (name.ends_with(".js"))
        return "text/javascript; charset=utf-8";
    if (name.ends_with(".css"))
        return "text/css; charset=utf-8";
    return name.ends_with(".svg") ? "image/svg+xml" : "text/html; charset=utf-8";
}

Response file(std::string_view name) {
    for (const auto& each : web_files())
        if (each.name == name) {
            Response out{200, std::string(each.text)};
            out.type = type_of(name);
            // Kept, but compared by ETag before each use: an upgrade shows at once.
            out.headers = {{"Content-Security-Policy", kPolicy}, {"Cache-Control", "no-cache"}};
            return out;
        }
    return failure(404, "The web page has no file '" + std::string(name) + "'.");
}

} // namespace

bool is_web_path(std::string_view path) {
    return path == "/" || path.starts_with("/web/");
}

Response view_page(const Call&) {
    return file("index.html");
}

Response view_web_file(const Call& call) {
    return file(call.name);
}

} // namespace sluice::http
