// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/stomp/client.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <poll.h>
#include <sys/eventfd.h>

namespace sluice::stomp {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kFarewell{50};

int poll_timeout(Steady::time_point until) {
    const auto left = std::chrono::ceil<milliseconds>(until - Steady::now());
    return static_cast<int>(std::clamp(left, milliseconds{0}, milliseconds{60'000}).count());
}

} // namespace

milliseconds reconnect_pause(const ClientOptions& options, std::size_t failures,
                             std::uint32_t random) {
    milliseconds pause = options.first_pause;
    for (std::size_t i = 1; i < failures && pause < options.longest_pause; ++i)
        pause *= 2;
    pause = std::min(pause, options.longest_pause);
    return pause + milliseconds{random % static_cast<std::uint32_t>(pause.count() / 4 + 1)};
}

Client::Client(ClientOptions options, Registrar& registrar, InboxReader& reader)
    : options_(std::move(options)), registrar_(registrar), reader_(reader),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Client::~Client() {
    stop(std::chrono::hours(1));
}

void Client::start() {
    worker_.start([this] { work(); });
}

bool Client::stop(milliseconds patience) {
    return worker_.stop(patience, [this] {
        registrar_.interrupt();
        wake();
    });
}

void Client::settle(const InboxToken& token, Ack outcome) {
    {
        auto state = state_.lock();
        if (token.connection != state->connection)
            return;
        state->settled.emplace_back(token.id, outcome);
    }
    wake();
}

void Client::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void Client::work() {
    Own own;
    while (!worker_.stopping()) {
        own.announced = false;
        Result<void> served;
        try {
            served = serve(own);
        } catch (const std::exception& fault) {
            served = Error{Errc::internal, std::string("internal fault: ") + fault.what()};
        }
        next_connection(); // what is settled from now on was of the old one
        if (worker_.stopping())
            break;
        if (!served) {
            const bool stable =
                own.announced && Steady::now() >= own.up_since + options_.stable_after;
            own.failures = stable ? 1 : own.failures + 1;
            reader_.away(*this, served.error());
        }
        pause(reconnect_pause(options_, own.failures, static_cast<std::uint32_t>(own.random())));
    }
}

std::uint64_t Client::next_connection() {
    auto state = state_.lock();
    state->settled.clear();
    return ++state->connection;
}

Result<void> Client::serve(Own& own) {
    auto access = registrar_.access(options_.kinds, own.refusals);
    if (!access || worker_.stopping())
        return access ? Result<void>() : std::move(access).error();
    auto channel = Channel::open(options_.stream, options_.path, worker_.stop_flag());
    if (!channel)
        return channel.error();
    Session session(options_.session);
    auto login = session.begin(*access, Steady::now());
    if (!login)
        return login.error();
    const auto queued = channel->queue(*login);
    explicit_bzero(login->data(), login->size());
    if (!queued)
        return queued;
    return converse(own, *channel, session, next_connection());
}

Result<void> Client::converse(Own& own, Channel& channel, Session& session,
                              std::uint64_t connection) {
    while (!worker_.stopping()) {
        const auto beat = session.tick(Steady::now());
        if (!beat)
            return beat.error();
        if (!beat->empty())
            if (const auto queued = channel.queue(*beat); !queued)
                return queued;
        if (const auto written = write_settled(channel, session); !written)
            return written;
        const auto flushed = channel.flush();
        if (!flushed)
            return flushed.error();
        wait(channel, *flushed, session.due());
        if (const auto taken = read(own, channel, session, connection); !taken)
            return taken;
        if (session.ready() && !own.announced) {
            own.announced = true;
            own.up_since = Steady::now();
            own.refusals = 0;
            reader_.connected(*this);
        }
    }
    disconnect(channel, session);
    return {};
}

// Messages that came before an error are of no use: they come again.
Result<void> Client::read(Own& own, Channel& channel, Session& session, std::uint64_t connection) {
    for (;;) {
        const auto bytes = channel.receive();
        if (!bytes)
            return bytes.error();
        if (bytes->empty())
            return {};
        std::string out;
        auto messages = session.take(*bytes, Steady::now(), out);
        if (!messages) {
            own.refusals += messages.error().code == Errc::refused ? 1U : 0U;
            return messages.error();
        }
        if (!out.empty())
            if (const auto queued = channel.queue(out); !queued)
                return queued;
        for (auto& message : *messages)
            reader_.came(*this, {{connection, std::move(message.ack)},
                                 std::move(message.kind),
                                 std::move(message.body),
                                 std::move(message.fault)});
    }
}

Result<void> Client::write_settled(Channel& channel, const Session& session) {
    std::vector<std::pair<std::string, Ack>> settled;
    settled.swap(state_.lock()->settled);
    for (const auto& [ack, outcome] : settled) {
        const auto bytes = session.settle(ack, outcome);
        if (!bytes)
            return bytes.error();
        if (const auto queued = channel.queue(*bytes); !queued)
            return queued;
    }
    return {};
}

void Client::wait(const Channel& channel, bool all_sent, Time until) {
    pollfd both[] = {{channel.fd(), static_cast<short>(all_sent ? POLLIN : POLLIN | POLLOUT), 0},
                     {wake_.get(), POLLIN, 0}};
    ::poll(both, 2, poll_timeout(until));
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
}

void Client::pause(milliseconds length) {
    const auto until = Steady::now() + length;
    while (!worker_.stopping() && Steady::now() < until) {
        pollfd one{wake_.get(), POLLIN, 0};
        ::poll(&one, 1, poll_timeout(until));
        std::uint64_t count = 0;
        [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
    }
}

// Within a moment: messages whose ack is lost come again, which does no harm.
void Client::disconnect(Channel& channel, const Session& session) {
    if (!write_settled(channel, session))
        return;
    if (const auto bytes = session.end(); !bytes || !channel.queue(*bytes))
        return;
    const auto until = Steady::now() + kFarewell;
    for (;;) {
        const auto all = channel.flush();
        if (!all || *all || Steady::now() >= until)
            return;
        pollfd one{channel.fd(), POLLOUT, 0};
        ::poll(&one, 1, poll_timeout(until));
    }
}

} // namespace sluice::stomp
