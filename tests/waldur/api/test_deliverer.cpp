// SPDX-License-Identifier: GPL-2.0-or-later
// How messages of the outbox get to Waldur, and what is made of answers that the stand-in never
// gives.
#include "common/base/clock.hpp"
#include "tests/support/case.hpp"
#include "tests/support/fixed_clock.hpp"
#include "tests/waldur/api/fake_waldur.hpp"
#include "waldur/api/deliverer.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

using namespace sluice;
using test::FakeWaldur;

namespace {

using Texts = std::vector<std::string>;
constexpr const char* kResource =
    "/api/marketplace-provider-resources/11111111-1111-1111-1111-111111111111/";

ports::OutboxEntry pausing(bool ask_first = false) {
    ports::OutboxEntry entry;
    entry.message.kind = "set_paused";
    entry.message.body = std::string(R"({"path":")") + kResource +
                         R"(set_paused/","body":{"paused":true})" +
                         (ask_first ? R"(,"ask_first":true})" : "}");
    return entry;
}

struct World {
    explicit World(FakeWaldur::Script script) : server(std::move(script)) {
        waldur::ApiOptions options;
        options.url = server.url();
        options.url.resize(options.url.size() - 5); // "/api/"
        options.offering = std::string(32, 'a');
        options.login.token = std::make_shared<const Secret>("token");
        deliverer = std::make_unique<waldur::Deliverer>(
            options, clock, [this](const ports::OutboxEntry&) { ++arrived; });
    }

    test::FixedClock clock{instant(1'795'400'000)};
    FakeWaldur server;
    std::unique_ptr<waldur::Deliverer> deliverer;
    int arrived = 0;
};

const std::string kAsks = std::string("GET ") + kResource;
const std::string kSets = std::string("POST ") + kResource + "set_paused/";

} // namespace

CASE(a_flag_is_set_by_one_request) {
    World world([](const auto&) { return FakeWaldur::Answer{}; });
    CHECK(world.deliverer->deliver(pausing()).result == ports::Delivered::done);
    CHECK(world.server.asked() == Texts{kSets});
    CHECK_EQ(world.arrived, 1);
}

CASE(a_flag_whose_answer_was_lost_is_not_set_twice) {
    std::atomic<bool> paused{false};
    World world([&](const FakeWaldur::Asked& asked) {
        if (asked.is("GET"))
            return FakeWaldur::Answer{200, paused ? R"({"paused":true})" : R"({"paused":false})"};
        paused = true; // taken, and then a proxy gives up
        return FakeWaldur::Answer{504, "{}"};
    });
    auto entry = pausing();
    CHECK(world.deliverer->deliver(entry).result == ports::Delivered::target_away);
    CHECK_EQ(world.arrived, 0);
    entry.attempts = 1;
    CHECK(world.deliverer->deliver(entry).result == ports::Delivered::done);
    CHECK(world.server.asked() == (Texts{kSets, kAsks}));
    CHECK_EQ(world.arrived, 1);
}

CASE(a_flag_in_doubt_is_set_unless_waldur_shows_the_value) {
    for (const char* shown : {R"({"paused":false})", R"({"paused":null})", "{}"}) {
        World world([&](const FakeWaldur::Asked& asked) {
            return FakeWaldur::Answer{200, asked.is("GET") ? shown : "{}"};
        });
        CHECK(world.deliverer->deliver(pausing(true)).result == ports::Delivered::done);
        CHECK(world.server.asked() == (Texts{kAsks, kSets}));
    }
    World unseen([](const FakeWaldur::Asked& asked) {
        return FakeWaldur::Answer{asked.is("GET") ? 403 : 200, "{}"};
    });
    CHECK(unseen.deliverer->deliver(pausing(true)).result == ports::Delivered::done);
    CHECK(unseen.server.asked() == (Texts{kAsks, kSets}));
}

CASE(a_failed_question_about_a_flag_keeps_the_message) {
    World world([](const FakeWaldur::Asked&) {
        return FakeWaldur::Answer{503, "{}", "Retry-After: 7\r\n"};
    });
    const auto delivery = world.deliverer->deliver(pausing(true));
    CHECK(delivery.result == ports::Delivered::target_away);
    CHECK(delivery.retry_after == std::chrono::seconds(7));
    CHECK(world.server.asked() == Texts{kAsks});
    CHECK_EQ(world.arrived, 0);
}

CASE(what_waldur_refuses_is_parked_and_what_it_cannot_do_now_is_not) {
    struct Row {
        int status;
        ports::Delivered result;
    };
    for (const auto& row :
         {Row{400, ports::Delivered::refused}, Row{403, ports::Delivered::refused},
          Row{404, ports::Delivered::refused}, Row{401, ports::Delivered::target_away},
          Row{408, ports::Delivered::later}, Row{409, ports::Delivered::later},
          Row{429, ports::Delivered::target_away}, Row{500, ports::Delivered::later},
          Row{502, ports::Delivered::target_away}, Row{302, ports::Delivered::target_away}}) {
        World world([&](const auto&) { return FakeWaldur::Answer{row.status, "{}"}; });
        CHECK(world.deliverer->deliver(pausing()).result == row.result);
        CHECK_EQ(world.arrived, 0);
    }
}
