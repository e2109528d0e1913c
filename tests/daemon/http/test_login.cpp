// SPDX-License-Identifier: GPL-2.0-or-later
// Tokens in their file, and who an Authorization header makes of a caller.
#include "common/hash/hash.hpp"
#include "daemon/http/auth/login.hpp"
#include "daemon/http/auth/tokens.hpp"
#include "tests/support/case.hpp"
#include "tests/support/scratch_dir.hpp"

#include <fstream>
#include <sstream>
#include <sys/stat.h>

using namespace sluice;
using namespace sluice::http;

namespace {

constexpr Instant kNow = instant(1795395000);

std::string contents(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

Login::Outcome outcome(Login& login, const std::string& authorization,
                       const char* address = "192.0.2.1", const char* method = "GET") {
    return login.identify({authorization, address, method, "/api/v1/status", ""});
}

int status_of(Login& login, const std::string& authorization, const char* address = "192.0.2.1",
              const char* method = "GET") {
    const auto found = outcome(login, authorization, address, method);
    const auto* refusal = std::get_if<Response>(&found);
    return refusal != nullptr ? refusal->status : 200;
}

} // namespace

CASE(a_token_is_shown_once_and_kept_as_its_hash) {
    test::ScratchDir dir;
    const std::string path = dir.file("tokens");
    auto file = TokenFile::open(path);
    CHECK(file);
    const auto token = (*file)->add("waldur", Role::staff, kNow);
    CHECK(token);
    CHECK_EQ(token->reveal().size(), 64U);
    CHECK(contents(path).find(std::string(token->reveal())) == std::string::npos);
    struct stat status {};
    CHECK(::stat(path.c_str(), &status) == 0);
    CHECK_EQ(status.st_mode & 0777U, 0600U);
    const auto again = TokenFile::open(path);
    CHECK(again);
    const auto found = (*again)->find(token->reveal());
    CHECK(found.has_value());
    CHECK_EQ(found->name, "waldur");
    CHECK(found->role == Role::staff);
    CHECK(found->made == kNow);
    CHECK(!(*again)->find("").has_value());
    CHECK(!(*again)->find(found->digest).has_value());
}

CASE(names_of_tokens_are_unique_and_plain) {
    test::ScratchDir dir;
    auto file = TokenFile::open(dir.file("tokens"));
    CHECK((*file)->add("a", Role::reader, kNow));
    CHECK((*file)->add("a", Role::staff, kNow).error().code == Errc::conflict);
    for (const char* bad : {"", "a b", "a\nb", "../x"})
        CHECK((*file)->add(bad, Role::staff, kNow).error().code == Errc::malformed);
    CHECK((*file)->remove("b").error().code == Errc::not_found);
    CHECK((*file)->remove("a"));
    CHECK((*file)->list().empty());
}

CASE(a_token_file_that_others_may_read_or_that_is_damaged_is_refused) {
    test::ScratchDir dir;
    const std::string path = dir.file("tokens");
    std::ofstream(path) << "no token here\n";
    ::chmod(path.c_str(), 0644);
    CHECK(TokenFile::open(path).error().code == Errc::refused);
    ::chmod(path.c_str(), 0600);
    CHECK(TokenFile::open(path).error().code == Errc::malformed);
}

CASE(the_header_tells_who_asks) {
    test::ScratchDir dir;
    auto file = TokenFile::open(dir.file("tokens"));
    const auto staff = (*file)->add("waldur", Role::staff, kNow);
    const auto reader = (*file)->add("grafana", Role::reader, kNow);
    auto nonces = Nonces::create();
    WebSessions sessions;
    Login login({{0}, dir.file("no-munge")}, **file, *nonces, sessions);
    const auto viewer = outcome(login, "token " + std::string(staff->reveal()));
    CHECK(std::get<http::Viewer>(viewer).staff);
    CHECK_EQ(std::get<http::Viewer>(viewer).name, "token waldur");
    const auto basic = "Basic " + hash::base64("x:" + std::string(reader->reveal()));
    const auto reads = std::get<http::Viewer>(outcome(login, basic));
    CHECK(!reads.staff);
    CHECK(reads.sees_all());
    const auto may_change = "Basic " + hash::base64("x:" + std::string(staff->reveal()));
    for (const char* method : {"POST", "DELETE", "PUT", "PATCH", "OPTIONS"})
        CHECK_EQ(status_of(login, may_change, "192.0.2.1", method), 403);
    CHECK_EQ(status_of(login, may_change, "192.0.2.1", "HEAD"), 200);
    CHECK_EQ(status_of(login, ""), 401);
    for (const char* bad : {"Token", "Token ", "Token x", "Digest x", "Basic !!",
                            "Basic eA==", "Munge", "Munge x", "Munge KEY1:none"})
        CHECK_EQ(status_of(login, bad), 401);
    CHECK_EQ(status_of(login, "Munge MUNGE:none:"), 503); // no munged there
}

CASE(who_guesses_waits_and_others_do_not) {
    test::ScratchDir dir;
    auto file = TokenFile::open(dir.file("tokens"));
    const auto token = (*file)->add("waldur", Role::staff, kNow);
    auto nonces = Nonces::create();
    WebSessions sessions;
    Login login({{0}, ""}, **file, *nonces, sessions);
    for (int i = 0; i < 20; ++i)
        CHECK_EQ(status_of(login, "Token guess"), 401);
    CHECK_EQ(status_of(login, "Token guess"), 429);
    CHECK_EQ(status_of(login, "Munge guess"), 429);
    CHECK_EQ(status_of(login, "Token guess", "192.0.2.2"), 401);
    CHECK_EQ(status_of(login, "Token " + std::string(token->reveal())), 200);
    CHECK_EQ(status_of(login, "Token guess"), 429); // that one was right forgives nothing
}

CASE(base64_is_read_as_it_is_written) {
    for (const char* text : {"", "a", "ab", "abc", "user:pass word", "\xff\xfe\x01"})
        CHECK_EQ(*from_base64(hash::base64(text)), text);
    CHECK(!from_base64("a b").has_value());
}
