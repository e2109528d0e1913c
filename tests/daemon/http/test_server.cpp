// SPDX-License-Identifier: GPL-2.0-or-later
// The server over a real socket: credentials, limits, slow clients, stale sockets.
#include "tests/daemon/http/raw_http.hpp"

#include <cerrno>
#include <sys/wait.h>
#include <thread>
#include <vector>

using namespace sluice;
using namespace sluice::test;

namespace {

// The same request from a child with another uid. 77 characters are enough to tell the status.
std::string get_as(std::uint32_t uid, const std::string& path, const std::string& target) {
    int ends[2];
    CHECK(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        std::string answer = "cannot change the uid";
        if (::setgid(uid) == 0 && ::setuid(uid) == 0)
            answer = get(path, target);
        [[maybe_unused]] const auto n = ::write(ends[1], answer.data(), answer.size());
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string out;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        out.append(buffer, static_cast<std::size_t>(got));
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return out;
}

} // namespace

CASE(the_socket_is_open_to_all_and_its_directory_is_made) {
    const Running running;
    struct stat status {};
    CHECK(::stat(running.socket().c_str(), &status) == 0);
    CHECK_EQ(status.st_mode & 07777, 0666u);
    CHECK(::stat((std::string(running.directory.path) + "/run").c_str(), &status) == 0);
    CHECK_EQ(status.st_mode & 07777, 0755u);
}

// With epoll libmicrohttpd 0.9.75 aborted in one of some ten thousand times.
CASE(a_server_can_be_stopped_in_any_state) {
    for (int i = 0; i < 300; ++i) {
        const Running running;
        if (i % 2 == 0)
            CHECK(has(get(running.socket(), "/healthz"), "200"));
    }
}

CASE(the_peer_on_the_socket_is_the_login) {
    const Running running;
    const std::string answer = get(running.socket(), "/api/v1/status");
    CHECK(has(answer, "HTTP/1.1 200"));
    CHECK(has(answer, "Content-Type: application/json"));
    CHECK(has(answer, "\"staff\":true"));
    CHECK(has(answer, "\"chem\""));
    if (::geteuid() != 0)
        return; // another uid needs root
    const std::string alice = get_as(kAlice, running.socket(), "/api/v1/status");
    CHECK(has(alice, "\"staff\":false"));
    CHECK(has(alice, "\"optics\""));
    CHECK(!has(alice, "\"chem\""));
    CHECK(has(get_as(kAlice, running.socket(), "/api/v1/plugins"), "HTTP/1.1 403"));
}

CASE(a_uid_named_in_the_settings_is_staff) {
    if (::geteuid() != 0)
        return;
    const Directory directory;
    FakeService service;
    const auto server = http::HttpServer::start({directory.socket(), {23456}}, service);
    CHECK(server.has_value());
    CHECK(has(get_as(23456, directory.socket(), "/api/v1/plugins"), "HTTP/1.1 200"));
    CHECK(has(get_as(23457, directory.socket(), "/api/v1/plugins"), "HTTP/1.1 403"));
}

CASE(head_answers_without_a_body) {
    const Running running;
    const std::string answer =
        request(running.socket(), "HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(has(answer, "HTTP/1.1 200"));
    CHECK(answer.ends_with("\r\n\r\n"));
}

CASE(paths_and_queries_are_percent_decoded) {
    const Running running;
    CHECK(has(get(running.socket(), "/api/v1/accounts/phys%69cs"), "HTTP/1.1 200"));
    const std::string answer = get(running.socket(), "/api/v1/status?account=ch%65m");
    CHECK(has(answer, "\"chem\""));
    CHECK(!has(answer, "\"physics\""));
}

CASE(a_large_body_is_413) {
    const Running running;
    CHECK(has(post(running.socket(), std::string(65 * 1024, ' '), "", "/api/v1/overrides"),
              "HTTP/1.1 413"));
    CHECK(
        has(post(running.socket(), "{}" + std::string(63 * 1024, ' '), kJsonType), "HTTP/1.1 200"));
    CHECK_EQ(running.service.evaluated.load(), 1);
}

// Staff may send the text of a whole sluiced.yaml there.
CASE(a_configuration_file_fits_into_a_dry_run) {
    const Running running;
    const std::string config(4000 * 1024, '#');
    const auto body = R"({"dry_run":true,"config":")" + config + "\"}";
    CHECK(has(post(running.socket(), body, kJsonType), "HTTP/1.1 200"));
    CHECK(running.service.config == config);
    CHECK(
        has(post(running.socket(), std::string(9 * 1024 * 1024, ' '), kJsonType), "HTTP/1.1 413"));
}

CASE(an_endless_body_is_cut_off) {
    Running running;
    std::string chunked = "POST /api/v1/evaluate HTTP/1.1\r\nHost: x\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n";
    const std::string chunk = "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
    for (int i = 0; i < 40; ++i)
        chunked += chunk;
    request(running.socket(), chunked); // returns: the server hung up
    request(running.socket(), "POST /api/v1/evaluate HTTP/1.1\r\nHost: x\r\nContent-Length: "
                              "999999999\r\n\r\n" +
                                  std::string(0x200000, ' '));
    CHECK_EQ(running.service.evaluating.load(), 0);
}

CASE(large_headers_and_rubbish_do_not_harm) {
    const Running running;
    request(running.socket(), "GET / HTTP/1.1\r\nX: " + std::string(100000, 'x') + "\r\n\r\n");
    request(running.socket(), std::string("\0\xFF\r\n\r\n garbage \r\n\r\n", 20));
    request(running.socket(), "POST /api/v1/evaluate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                              "Content-Length: -5\r\n\r\n");
    CHECK(has(get(running.socket(), "/healthz"), "HTTP/1.1 200"));
    CHECK_EQ(running.service.evaluating.load(), 0);
}

CASE(two_hundred_half_open_clients_delay_nobody) {
    const Running running;
    std::vector<UniqueFd> slow;
    for (int i = 0; i < 200; ++i) {
        slow.push_back(dial(running.socket()));
        send_all(slow.back().get(), "GET /api/v1/status HTTP/1.1\r\nHost:");
    }
    CHECK(seconds_of([&] { CHECK(has(get(running.socket(), "/api/v1/status"), "HTTP/1.1 200")); }) <
          kAtOnce);
}

CASE(a_client_that_sends_a_byte_now_and_then_is_ended) {
    const Directory directory;
    FakeService service;
    http::HttpSettings settings{directory.socket(), {}};
    settings.request_time = std::chrono::milliseconds(300);
    const auto server = http::HttpServer::start(settings, service);
    CHECK(server.has_value());
    const UniqueFd slow = dial(directory.socket());
    CHECK(seconds_of([&] {
              while (::send(slow.get(), "G", 1, MSG_NOSIGNAL) == 1)
                  std::this_thread::sleep_for(std::chrono::milliseconds(20));
          }) < kAtOnce);
    CHECK(has(get(directory.socket(), "/healthz"), "HTTP/1.1 200"));
}

CASE(a_running_cycle_delays_nobody_and_cycles_queue_up) {
    Running running;
    running.service.hold();
    std::vector<std::thread> waiting;
    std::atomic<int> done{0};
    for (int i = 0; i < 3; ++i)
        waiting.emplace_back([&] {
            if (has(post(running.socket(), "{}", kJsonType), "HTTP/1.1 200"))
                ++done;
        });
    while (running.service.evaluating == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    CHECK(seconds_of([&] { CHECK(has(get(running.socket(), "/api/v1/status"), "HTTP/1.1 200")); }) <
          kAtOnce);
    CHECK_EQ(running.service.evaluating.load(), 1);
    running.service.let_go();
    for (auto& thread : waiting)
        thread.join();
    CHECK_EQ(done.load(), 3);
}

CASE(one_user_cannot_take_all_connections) {
    if (::geteuid() != 0)
        return;
    const Running running;
    int ready[2];
    int quit[2];
    CHECK(::pipe(ready) == 0 && ::pipe(quit) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(quit[1]);
        std::vector<UniqueFd> mine;
        if (::setuid(kBob) == 0)
            for (int i = 0; i < 200; ++i)
                mine.push_back(dial(running.socket()));
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        int open = 0;
        for (const auto& fd : mine) {
            char byte = 0;
            if (::recv(fd.get(), &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN)
                ++open;
        }
        const char most = static_cast<char>(open);
        [[maybe_unused]] const auto n = ::write(ready[1], &most, 1);
        char byte = 0;
        [[maybe_unused]] const auto m = ::read(quit[0], &byte, 1);
        ::_exit(0);
    }
    char open = 0;
    CHECK(::read(ready[0], &open, 1) == 1);
    const std::string alice = get_as(kAlice, running.socket(), "/api/v1/status");
    for (const int fd : {ready[0], ready[1], quit[0], quit[1]})
        ::close(fd);
    ::waitpid(child, nullptr, 0);
    CHECK_EQ(static_cast<int>(open), 64); // the second 32 are answered 429
    CHECK(has(alice, "HTTP/1.1 200"));
}

CASE(stopping_answers_what_waits_and_waits_for_what_runs) {
    auto running = std::make_unique<Running>();
    running->service.hold();
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i)
        clients.emplace_back([path = running->socket()] { post(path, "{}", kJsonType); });
    while (running->service.evaluating == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        running->service.let_go();
    });
    running->server.reset();
    later.join();
    for (auto& thread : clients)
        thread.join();
    CHECK(::access(running->socket().c_str(), F_OK) != 0);
}

CASE(a_stale_socket_is_replaced_and_a_live_one_is_not) {
    Directory directory;
    FakeService service;
    {
        CHECK(::mkdir((std::string(directory.path) + "/run").c_str(), 0755) == 0);
        const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        const auto at = unix_address(directory.socket());
        CHECK(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    }
    auto first = http::HttpServer::start({directory.socket(), {}}, service);
    CHECK(first.has_value());
    const auto second = http::HttpServer::start({directory.socket(), {}}, service);
    CHECK(!second.has_value());
    CHECK(second.error().code == Errc::conflict);
    CHECK(has(get(directory.socket(), "/healthz"), "HTTP/1.1 200"));
}

CASE(a_file_in_the_way_is_left_alone) {
    Directory directory;
    FakeService service;
    CHECK(::mkdir((std::string(directory.path) + "/run").c_str(), 0755) == 0);
    CHECK(::symlink("/nowhere", directory.socket().c_str()) == 0);
    const auto server = http::HttpServer::start({directory.socket(), {}}, service);
    CHECK(!server.has_value());
    CHECK(server.error().code == Errc::conflict);
    CHECK(!http::HttpServer::start({std::string(200, 'x'), {}}, service).has_value());
}

CASE(a_hundred_requests_on_one_connection) {
    const Running running;
    const UniqueFd fd = dial(running.socket());
    std::size_t answers = 0;
    for (int i = 0; i < 100; ++i)
        send_all(fd.get(), i == 99 ? "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                                   : "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string all = receive_all(fd.get());
    for (std::size_t at = 0; (at = all.find("HTTP/1.1 200", at)) != std::string::npos; ++at)
        ++answers;
    CHECK_EQ(answers, 100u);
}
