// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/waldur/api/fake_waldur.hpp"

#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace sluice::test {
namespace {

std::string header(const std::string& head, const std::string& name) {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos)
        return "";
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

// False: the client closed.
bool read_until(int client, std::string& text, const std::function<bool()>& enough) {
    while (!enough()) {
        char buffer[4096];
        const auto got = ::read(client, buffer, sizeof buffer);
        if (got <= 0)
            return false;
        text.append(buffer, static_cast<std::size_t>(got));
    }
    return true;
}

} // namespace

FakeWaldur::FakeWaldur(Script script)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0)
        throw std::runtime_error("no socket on loopback");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

FakeWaldur::~FakeWaldur() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
}

std::vector<std::string> FakeWaldur::asked() {
    return *asked_.lock();
}

void FakeWaldur::serve() {
    for (;;) {
        const UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!client)
            return;
        answer(client.get());
    }
}

void FakeWaldur::answer(int client) {
    std::string text;
    std::size_t end = std::string::npos;
    if (!read_until(client, text, [&] {
            end = text.find("\r\n\r\n");
            return end != std::string::npos;
        }))
        return;
    const std::string head = text.substr(0, end + 2);
    const std::string length = header(head, "Content-Length");
    const std::size_t whole = end + 4 + (length.empty() ? 0 : std::stoul(length));
    if (!read_until(client, text, [&] { return text.size() >= whole; }))
        return;
    const auto first = head.find(' ');
    const auto second = head.find(' ', first + 1);
    const Asked asked{head.substr(0, first), head.substr(first + 1, second - first - 1),
                      header(head, "Authorization"), text.substr(end + 4)};
    asked_.lock()->push_back(asked.method + ' ' + asked.target.substr(0, asked.target.find('?')));
    const Answer given = script_(asked);
    const std::string out =
        "HTTP/1.1 " + std::to_string(given.status) +
        " x\r\nConnection: close\r\nContent-Length: " + std::to_string(given.body.size()) + "\r\n" +
        given.headers + "\r\n" + given.body;
    [[maybe_unused]] const auto sent = ::send(client, out.data(), out.size(), MSG_NOSIGNAL);
}

} // namespace sluice::test
