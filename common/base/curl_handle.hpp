// SPDX-License-Identifier: GPL-2.0-or-later
// Owners of libcurl's handles. A handle is used by one thread at a time.
#pragma once

#include <memory>

#include <curl/curl.h>

namespace sluice {

struct CurlRelease {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using EasyHandle = std::unique_ptr<CURL, CurlRelease>;
using HeaderList = std::unique_ptr<curl_slist, CurlRelease>;

} // namespace sluice
