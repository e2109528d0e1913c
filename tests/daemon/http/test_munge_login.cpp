// SPDX-License-Identifier: GPL-2.0-or-later
// Munge logins against a real munged: a credential logs in for the request it was made for, once,
// at the sluiced whose nonce it has. And a munged that hangs holds up its own logins only.
#include "common/cred/munge.hpp"
#include "daemon/http/auth/login.hpp"
#include "tests/common/cred/private_munged.hpp"
#include "tests/daemon/http/raw_http.hpp"

#include <vector>

using namespace sluice;
using namespace sluice::test;

namespace {

PrivateMunged& munged() {
    static PrivateMunged one;
    return one;
}

std::string encoded(std::string_view payload) {
    auto context = cred::MungeContext::create(munged().socket());
    CHECK(context.has_value());
    auto text = context->encode(payload, std::nullopt);
    CHECK(text.has_value());
    return *text;
}

std::string nonce_of(unsigned port) {
    const auto answer = get(port, "/api/v1/nonce");
    CHECK_EQ(status_in(answer), 200);
    const auto at = answer.find("\"nonce\":\"");
    CHECK(at != std::string::npos);
    return answer.substr(at + 9, 64);
}

struct Made {
    std::string method = "GET";
    std::string target = "/api/v1/status?account=physics";
    std::string body = "";
};

std::string credential(const std::string& nonce, const Made& made = {}) {
    return encoded(*http::munge_text(nonce, {"", "", made.method, made.target, made.body}));
}

std::string answer_to(unsigned port, const std::string& credential, const Made& sent = {}) {
    return request(port, sent.method + " " + sent.target +
                             " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Munge " +
                             credential + "\r\n" + kJsonType + "Content-Length: " +
                             std::to_string(sent.body.size()) + "\r\n\r\n" + sent.body);
}

int login(unsigned port, const std::string& credential, const Made& sent = {}) {
    return status_in(answer_to(port, credential, sent));
}

} // namespace

CASE(a_munge_credential_logs_in_for_the_request_it_was_made_for) {
    RunningTcp running(munged().socket());
    const unsigned port = running.port;
    const std::string answer = answer_to(port, credential(nonce_of(port)));
    CHECK_EQ(status_in(answer), 200);
    CHECK(has(answer, "\"uid\":" + std::to_string(::geteuid())));
    const Made evaluate{"POST", "/api/v1/evaluate", R"({"dry_run":true})"};
    CHECK_EQ(login(port, credential(nonce_of(port), evaluate), evaluate), 200);
    const Made head{"HEAD", "/api/v1/status"};
    CHECK_EQ(login(port, credential(nonce_of(port), head), head), 200);
}

CASE(a_munge_credential_made_for_anything_else_does_not_log_in) {
    RunningTcp running(munged().socket());
    const unsigned port = running.port;
    CHECK_EQ(login(port, encoded("")), 401); // munge -n
    CHECK_EQ(login(port, encoded("the hello of a plugin")), 401);
    CHECK_EQ(login(port, encoded("sluice http v1")), 401);
    CHECK_EQ(login(port, encoded("sluice http v1\n")), 401);
    CHECK_EQ(login(port, encoded(std::string(10000, 'x'))), 401);
    CHECK(has(answer_to(port, encoded("")), "GET /api/v1/nonce"));
    const std::string good =
        *http::munge_text(nonce_of(port), {"", "", "GET", "/api/v1/status?account=physics", ""});
    CHECK_EQ(login(port, encoded(good + "\n")), 401);
    CHECK_EQ(login(port, encoded(good.substr(0, good.size() - 1))), 401);
    CHECK_EQ(login(port, encoded("x" + good)), 401);
    const Made evaluate{"POST", "/api/v1/evaluate", R"({"dry_run":true})"};
    for (const Made& other :
         {Made{"PUT", evaluate.target, evaluate.body},
          Made{"POST", "/api/v1/evaluate?x=1", evaluate.body},
          Made{"POST", "/api/v1/resets", evaluate.body},
          Made{"POST", evaluate.target, R"({"dry_run":false})"}, Made{"POST", evaluate.target, ""}})
        CHECK_EQ(login(port, credential(nonce_of(port), evaluate), other), 401);
    CHECK_EQ(running.service.evaluated.load(), 0);
}

CASE(a_munge_credential_is_useless_at_another_sluiced_and_after_a_restart) {
    RunningTcp one(munged().socket());
    RunningTcp other(munged().socket());
    const std::string made = credential(nonce_of(one.port));
    CHECK_EQ(login(other.port, made), 401);
    CHECK_EQ(login(one.port, credential(std::string(64, '0'))), 401);
}

// A munged of another host, or one that was restarted, knows nothing of the first use.
CASE(a_replayed_munge_credential_is_refused_where_munged_does_not_know_it) {
    RunningTcp running(munged().socket());
    const unsigned port = running.port;
    const std::string nonce = nonce_of(port);
    const std::string made = credential(nonce);
    CHECK_EQ(login(port, made), 200);
    CHECK_EQ(login(port, made), 401);
    munged().stop();
    munged().start();
    const std::string answer = answer_to(port, made);
    CHECK_EQ(status_in(answer), 401);
    CHECK(has(answer, "was used before"));
    CHECK_EQ(login(port, credential(nonce)), 401); // made anew with the same nonce
}

CASE(nonces_end_and_are_used_once_by_each_user) {
    auto nonces = http::Nonces::create();
    auto others = http::Nonces::create();
    const auto now = std::chrono::steady_clock::now();
    const std::string one = *nonces->make(now);
    CHECK_EQ(one.size(), 64U);
    CHECK(one != *nonces->make(now));
    CHECK(nonces->valid(one, now));
    CHECK(nonces->valid(one, now + std::chrono::seconds(60)));
    CHECK(!nonces->valid(one, now + std::chrono::seconds(62)));
    CHECK(!nonces->valid(one, now - std::chrono::seconds(2)));
    CHECK(!others->valid(one, now));
    for (const std::size_t at : {0U, 15U, 16U, 31U, 32U, 63U}) {
        std::string altered = one;
        altered[at] = altered[at] == '1' ? '2' : '1';
        CHECK(!nonces->valid(altered, now));
    }
    for (const auto& bad : {std::string(), one + "0", one.substr(1)})
        CHECK(!nonces->valid(bad, now));
    using Use = http::Nonces::Use;
    CHECK(nonces->use(1, one, now) == Use::first);
    CHECK(nonces->use(1, one, now + std::chrono::seconds(61)) == Use::again);
    CHECK(nonces->use(2, one, now) == Use::first);
}

CASE(used_nonces_have_a_bound_that_refuses_rather_than_forgets) {
    auto nonces = http::Nonces::create();
    using Use = http::Nonces::Use;
    const auto now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < http::Nonces::kMaxUsedByUser; ++i)
        CHECK(nonces->use(1, std::to_string(i), now) == Use::first);
    CHECK(nonces->use(1, "x", now) == Use::too_many);
    CHECK(nonces->use(1, "0", now) == Use::again);
    std::uint32_t uid = 2;
    for (std::size_t left = http::Nonces::kMaxUsed - http::Nonces::kMaxUsedByUser; left > 0; --left)
        CHECK(nonces->use(uid++, "a", now) == Use::first);
    CHECK(nonces->use(uid, "a", now) == Use::too_many);
    const auto later = now + std::chrono::seconds(63);
    CHECK(nonces->use(uid, "a", later) == Use::first);
    CHECK(nonces->use(1, "x", later) == Use::first);
}

CASE(a_munged_that_hangs_holds_up_neither_the_socket_nor_tokens) {
    const Directory directory;
    const std::string silent = std::string(directory.path) + "/munged";
    const UniqueFd deaf(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto at = unix_address(silent);
    CHECK(::bind(deaf.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    CHECK(::listen(deaf.get(), 64) == 0);
    RunningTcp running(silent);
    std::vector<UniqueFd> logins;
    for (int i = 0; i < 40; ++i) {
        logins.push_back(dial(running.port));
        send_all(logins.back().get(), "GET /api/v1/status HTTP/1.1\r\nHost: x\r\nConnection: "
                                      "close\r\nAuthorization: Munge MUNGE:AAAA:\r\n\r\n");
    }
    ::usleep(200'000);
    CHECK(seconds_of([&] { CHECK_EQ(status_in(get(running.socket(), "/api/v1/status")), 200); }) <
          kAtOnce);
    CHECK(seconds_of([&] {
              CHECK_EQ(status_in(get(running.port, "/api/v1/status", running.bearer())), 200);
          }) < kAtOnce);
    CHECK(seconds_of([&] { CHECK_EQ(status_in(post(running.socket(), "", kJsonType)), 200); }) <
          kAtOnce);
    // Beyond the share of one address: an answer at once, to whichever came later. libmunge takes
    // 10 s for the first; those who wait behind are not made to wait as long once more.
    int beyond = 0;
    int away = 0;
    CHECK(seconds_of([&] {
              for (const auto& fd : logins) {
                  const std::string refused = receive_all(fd.get());
                  CHECK(has(refused, "Retry-After: "));
                  beyond += status_in(refused) == 429 ? 1 : 0;
                  away += status_in(refused) == 503 ? 1 : 0;
              }
          }) < 15.0);
    CHECK_EQ(beyond, 32);
    CHECK_EQ(away, 8);
    ::unlink(silent.c_str());
}
