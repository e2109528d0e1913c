// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/exchange.hpp"

#include "common/base/files.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <algorithm>

namespace sluice::mail {
namespace {

constexpr std::size_t kMaxAnswer = 300;
constexpr long kConnectSeconds = 10;
constexpr long kSeconds = 45;

int look_at_stop(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const std::atomic<bool>*>(stop)->load() ? 1 : 0;
}

} // namespace

void begin_library() {
    // On failure each curl_easy_init fails, which is reported there.
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

void AnswerKeeper::attach(CURL* easy) {
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

std::string AnswerKeeper::text() const {
    return printable(trim(text_));
}

std::size_t AnswerKeeper::take(char* data, std::size_t size, std::size_t count, void* self) {
    auto& text = static_cast<AnswerKeeper*>(self)->text_;
    const std::size_t bytes = size * count;
    try {
        text.append(data, std::min(bytes, kMaxAnswer - std::min(kMaxAnswer, text.size())));
    } catch (...) {
        return 0;
    }
    return bytes;
}

void bound(CURL* easy, const char* schemes, const std::atomic<bool>& stop) {
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, schemes);
#else
    const bool smtp = schemes[0] == 's';
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                     smtp ? CURLPROTO_SMTP | CURLPROTO_SMTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, kSeconds);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_at_stop);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &stop);
}

Result<void> trust(CURL* easy, const std::string& ca_file) {
    if (!ca_file.empty())
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
    return check_regular(ca_file);
}

ports::Delivery unreached(const std::string& where, CURLcode code) {
    return {ports::Delivered::target_away, where + ": " + curl_easy_strerror(code), {}};
}

} // namespace sluice::mail
