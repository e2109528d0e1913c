// SPDX-License-Identifier: GPL-2.0-or-later
// The files of the web page as the build embeds them from daemon/http/web. They are the same for
// every viewer and contain no data of the cluster: the page reads those through /api/v1.
#pragma once

#include <span>
#include <string_view>

namespace sluice::http {

struct WebFile {
    std::string_view name; // "style.css"
    std::string_view text;
};

std::span<const WebFile> web_files();

// "/" and "/web/NAME": sent without a login, so that the page can ask for one.
bool is_web_path(std::string_view path);

} // namespace sluice::http
