// SPDX-License-Identifier: GPL-2.0-or-later
// A server in a directory of its own, and requests written byte by byte: no library in between that
// would correct them.
#pragma once

#include "common/base/files.hpp"
#include "daemon/http/server/server.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace sluice::test {

struct Directory {
    char path[32] = "/tmp/sluice-http-XXXXXX";
    Directory() {
        CHECK(::mkdtemp(path) != nullptr);
        // Another uid must reach the socket in it.
        CHECK(::chmod(path, 0755) == 0);
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() {
        ::unlink(socket().c_str());
        ::unlink(tokens().c_str());
        ::rmdir((std::string(path) + "/run").c_str());
        ::rmdir(path);
    }
    std::string socket() const { return std::string(path) + "/run/s"; }
    std::string tokens() const { return std::string(path) + "/tokens"; }
};

inline sockaddr_un unix_address(const std::string& path) {
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    path.copy(out.sun_path, sizeof out.sun_path - 1);
    return out;
}

inline sockaddr_in loopback(unsigned port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    out.sin_port = htons(static_cast<std::uint16_t>(port));
    return out;
}

template <class Address>
UniqueFd dial_to(const Address& to, int family, int seconds) {
    UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    timeval patience{seconds, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
        fd.reset();
    return fd;
}

inline UniqueFd dial(const std::string& path) {
    return dial_to(unix_address(path), AF_UNIX, 10);
}
inline UniqueFd dial(unsigned port) {
    return dial_to(loopback(port), AF_INET, 30);
}

// A port of the loopback that nothing listens on, a moment ago.
inline unsigned free_port() {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto at = loopback(0);
    socklen_t size = sizeof at;
    CHECK(::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    CHECK(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
    return ntohs(at.sin_port);
}

inline void send_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
}

inline std::string receive_all(int fd) {
    std::string out;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
        out.append(buffer, static_cast<std::size_t>(got));
    return out;
}

// `where`: path of a Unix socket, or a port of the loopback. What came until the server hung up.
template <class Where>
std::string request(const Where& where, std::string_view text) {
    const UniqueFd fd = dial(where);
    CHECK(fd.get() >= 0);
    send_all(fd.get(), text);
    return receive_all(fd.get());
}

// `headers`: whole lines.
template <class Where>
std::string get(const Where& where, const std::string& target, const std::string& headers = "") {
    return request(where, "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                              headers + "\r\n");
}

template <class Where>
std::string post(const Where& where, const std::string& body, const std::string& headers = "",
                 const std::string& target = "/api/v1/evaluate") {
    return request(where, "POST " + target +
                              " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body);
}

inline constexpr const char* kJsonType = "Content-Type: application/json\r\n";

inline bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// 0: no answer.
inline int status_in(const std::string& answer) {
    return answer.starts_with("HTTP/1.1 ") ? std::atoi(answer.c_str() + 9) : 0;
}

template <class Body>
double seconds_of(const Body& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Seconds: an answer that waits for nothing. Half of the shortest wait that it could be for (10 s
// of libmunge), so that no busy machine fails a test.
inline constexpr double kAtOnce = 5.0;

// On the Unix socket.
struct Running {
    Directory directory;
    FakeService service;
    std::unique_ptr<http::HttpServer> server;

    Running() { start({directory.socket(), {}}); }
    explicit Running(std::nullptr_t) {}
    void start(const http::HttpSettings& settings) {
        auto started = http::HttpServer::start(settings, service);
        CHECK(started.has_value());
        server = std::move(*started);
    }
    std::string socket() const { return directory.socket(); }
};

// Over TCP, too, with a token of staff.
struct RunningTcp : Running {
    unsigned port = free_port();
    std::string token;

    explicit RunningTcp(const std::string& munge_socket = "/nonexistent") : Running(nullptr) {
        http::HttpSettings settings{directory.socket(), {}};
        settings.listen = {"127.0.0.1:" + std::to_string(port)};
        settings.tokens = directory.tokens();
        settings.munge_socket = munge_socket;
        start(settings);
        const auto made =
            post(socket(), R"({"name":"t","role":"staff"})", kJsonType, "/api/v1/tokens");
        const auto at = made.find("\"token\":\"");
        CHECK(at != std::string::npos);
        token = made.substr(at + 9, 64);
    }
    std::string bearer() const { return "Authorization: Bearer " + token + "\r\n"; }
};

} // namespace sluice::test
