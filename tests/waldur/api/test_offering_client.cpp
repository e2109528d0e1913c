// SPDX-License-Identifier: GPL-2.0-or-later
// What Waldur is asked for its resources and for a place at its broker, and what is made of answers
// that the stand-in never gives.
#include "common/base/clock.hpp"
#include "tests/support/case.hpp"
#include "tests/support/fixed_clock.hpp"
#include "tests/waldur/api/fake_waldur.hpp"
#include "waldur/api/offering_client.hpp"
#include "waldur/api/registrar.hpp"

#include <algorithm>

using namespace sluice;
using test::FakeWaldur;

namespace {

using Texts = std::vector<std::string>;
constexpr Instant kNow = instant(1'795'400'000);
const std::string kOffering(32, 'a');

std::string resource(char digit) {
    return R"({"uuid": ")" + std::string(32, digit) + R"(", "backend_id": "acct)" + digit +
           R"(", "state": "OK", "limits": {"node_hours": 5}})";
}

FakeWaldur::Answer well(const FakeWaldur::Asked& asked) {
    if (asked.is("GET /api/marketplace-provider-offerings/"))
        return {200, R"({"components": [{"type": "node_hours", "billing_type": "limit"}]})"};
    if (asked.is("GET /api/marketplace-provider-resources/"))
        return {200, '[' + resource('1') + ']', "X-Result-Count: 1\r\n"};
    return {200, "[]", "X-Result-Count: 0\r\n"};
}

struct World {
    explicit World(FakeWaldur::Script script) : server(std::move(script)) {
        options.url = server.url();
        options.url.resize(options.url.size() - 5); // "/api/"
        options.offering = kOffering;
        options.login.token = std::make_shared<const Secret>("token");
    }
    Result<waldur::Offering> pull() { return waldur::OfferingClient(options, clock).pull(); }
    long count(const std::string& what) {
        const auto asked = server.asked();
        return std::count(asked.begin(), asked.end(), what);
    }

    test::FixedClock clock{kNow};
    FakeWaldur server;
    waldur::ApiOptions options;
};

class Held final : public ports::Notes {
public:
    Result<std::map<std::string, std::string>> notes(const std::string& kind) override {
        return kept[kind];
    }
    Result<void> put(std::span<const ports::Note> notes) override {
        for (const auto& note : notes)
            kept[note.kind][note.key] = note.value;
        return {};
    }
    std::map<std::string, std::map<std::string, std::string>> kept;
};

// Gives each subscription another name.
struct Office {
    explicit Office(bool unified = false) : unified_(unified) {}
    FakeWaldur::Answer operator()(const FakeWaldur::Asked& asked) {
        if (asked.is("GET"))
            return {200,
                    R"([{"name": "sluice-aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "uuid": ")" +
                        std::string(32, 'b') + "\"}]",
                    "X-Result-Count: 1\r\n"};
        if (asked.target.ends_with("/register_event_subscription/")) {
            const std::string uuid(32, static_cast<char>('1' + given_++));
            return {201,
                    R"({"uuid": ")" + uuid + R"(", "user_uuid": ")" + std::string(32, 'c') + "\"}"};
        }
        if (asked.target.ends_with("/create_queue/"))
            return {201, R"({"queue_name": "queue-of-)" + asked.target.substr(25, 4) +
                             R"(", "vhost": "tenant"})"};
        if (asked.target.ends_with("/register_queue/"))
            return {200, R"({"rmq_username": "agent", "queue_name": ")" +
                             std::string(unified_ ? "one" : "two words") +
                             R"(", "vhost": "tenant"})"};
        return {204, ""};
    }

private:
    bool unified_;
    int given_ = 0;
};

} // namespace

CASE(all_pages_are_asked_for_and_sorted) {
    World world([](const FakeWaldur::Asked& asked) -> FakeWaldur::Answer {
        if (!asked.is("GET /api/marketplace-provider-resources/"))
            return well(asked);
        const bool second = asked.target.find("page=2") != std::string::npos;
        return {200, '[' + resource(second ? '1' : '2') + ']',
                second ? "X-Result-Count: 2\r\n"
                       : "X-Result-Count: 2\r\nLink: <http://x/?page=2>; rel=\"next\"\r\n"};
    });
    const auto offering = world.pull();
    if (!offering)
        test::fail(offering.error().context);
    CHECK_EQ(offering->resources.size(), 2U);
    CHECK_EQ(offering->resources[0].account, "acct1");
    CHECK_EQ(offering->resources[1].account, "acct2");
    CHECK_EQ(world.count("GET /api/marketplace-provider-resources/"), 2);
}

CASE(a_list_that_changes_while_it_is_read_is_no_answer) {
    World world([](const FakeWaldur::Asked& asked) -> FakeWaldur::Answer {
        if (!asked.is("GET /api/marketplace-provider-resources/"))
            return well(asked);
        const bool second = asked.target.find("page=2") != std::string::npos;
        return {200, '[' + resource('1') + ']',
                second ? "X-Result-Count: 2\r\n"
                       : "X-Result-Count: 2\r\nLink: <http://x/?page=2>; rel=\"next\"\r\n"};
    });
    const auto offering = world.pull();
    CHECK(!offering);
    CHECK_EQ(offering.error().code, Errc::unavailable);
}

CASE(a_policy_that_the_token_may_not_see_is_named_and_not_needed) {
    World world([](const FakeWaldur::Asked& asked) -> FakeWaldur::Answer {
        if (asked.is("GET /api/marketplace-slurm-periodic-usage-policies/"))
            return {403, R"({"detail": "no"})"};
        return well(asked);
    });
    const auto offering = world.pull();
    CHECK(offering);
    CHECK(!offering->policy);
    CHECK_EQ(offering->problems.size(), 1U);
}

CASE(the_error_of_a_missing_offering_names_the_key_and_the_role) {
    World world([](const FakeWaldur::Asked&) -> FakeWaldur::Answer {
        return {404, R"({"detail": "Not found."})"};
    });
    const auto offering = world.pull();
    CHECK(!offering);
    CHECK_EQ(offering.error().code, Errc::refused);
    CHECK(offering.error().context.find("waldur_offering_uuid") != std::string::npos);
}

CASE(an_oidc_token_that_is_refused_is_fetched_anew_once) {
    int issued = 0;
    int good = 1;
    World world([&](const FakeWaldur::Asked& asked) -> FakeWaldur::Answer {
        if (asked.is("POST /token"))
            return {200, R"({"access_token": "t)" + std::to_string(++issued) +
                             R"(", "expires_in": 300})"};
        if (asked.authorization != "Bearer t" + std::to_string(good))
            return {401, R"({"detail": "Invalid token."})"};
        return well(asked);
    });
    world.options.login.token.reset();
    world.options.login.oidc_token_url = world.options.url + "/token";
    world.options.login.oidc_client_id = "sluice";
    world.options.login.oidc_secret = std::make_shared<const Secret>("secret");
    waldur::OfferingClient client(world.options, world.clock);
    CHECK(client.pull());
    CHECK_EQ(issued, 1);
    good = 2; // the first is revoked
    CHECK(client.pull());
    CHECK_EQ(issued, 2);
    good = 99; // none will do
    const auto refused = client.pull();
    CHECK(!refused);
    CHECK_EQ(refused.error().code, Errc::refused);
    CHECK_EQ(issued, 2); // just fetched: no storm at the OIDC server
}

CASE(a_place_at_the_broker_is_kept_and_made_anew_as_far_as_needed) {
    World world{Office()};
    Held notes;
    waldur::QueueRegistrar registrar(world.options, false, "1", notes, world.clock);
    const auto first = registrar.access({"resource"}, 0);
    if (!first)
        test::fail(first.error().context);
    CHECK_EQ(first->login, std::string(32, '1'));
    CHECK_EQ(first->vhost, "tenant");
    CHECK_EQ(first->queues.at(0).name, "queue-of-1111");
    CHECK_EQ(first->queues.at(0).kind, "resource");
    CHECK_EQ(first->passcode.reveal(), "token");
    const auto asked = world.server.asked().size();
    waldur::QueueRegistrar later(world.options, false, "1", notes, world.clock);
    CHECK_EQ(later.access({"resource"}, 0)->login, first->login);
    CHECK_EQ(world.server.asked().size(), asked); // by the notes
    CHECK_EQ(later.access({"resource"}, 1)->login, first->login);
    CHECK_EQ(world.server.asked().size(), asked + 1); // its queue alone
    CHECK_EQ(later.access({"resource"}, 2)->login, std::string(32, '2'));
    CHECK_EQ(world.count("DELETE /api/event-subscriptions/11111111-1111-1111-1111-111111111111/"),
             1);
}

CASE(messages_of_one_queue_for_all_state_their_kind) {
    World world{Office(true)};
    Held notes;
    waldur::QueueRegistrar registrar(world.options, true, "1", notes, world.clock);
    const auto access = registrar.access({"resource", "offering_resources_sync"}, 0);
    CHECK(access);
    CHECK_EQ(access->login, "agent");
    CHECK_EQ(access->queues.at(0).name, "one");
    CHECK_EQ(access->queues.at(0).kind, "");
}

CASE(a_name_that_no_header_can_carry_is_refused) {
    World world{Office()};
    Held notes;
    waldur::QueueRegistrar registrar(world.options, true, "1", notes, world.clock);
    const auto access = registrar.access({"resource"}, 0);
    CHECK(!access);
    CHECK_EQ(access.error().code, Errc::malformed);
}

CASE(a_site_agent_that_receives_periodic_limits_is_a_second_writer) {
    const auto script = [](const FakeWaldur::Asked& asked) -> FakeWaldur::Answer {
        if (asked.is("GET /api/event-subscription-queues/"))
            return {200, R"([{"queue_name": "ours"}, {"queue_name": "theirs"}])",
                    "X-Result-Count: 2\r\n"};
        return well(asked);
    };
    World world(script);
    waldur::OfferingClient client(world.options, world.clock,
                                  [](const std::string& queue) { return queue == "ours"; });
    const auto offering = client.pull();
    CHECK(offering);
    CHECK(offering->problems.at(0).find("(queue theirs): two programs") != std::string::npos);
    CHECK(client.pull());
    CHECK_EQ(world.count("GET /api/event-subscription-queues/"), 1); // not with each question
}

CASE(a_rejected_token_is_named_as_such) {
    World world([](const FakeWaldur::Asked&) -> FakeWaldur::Answer {
        return {401, R"({"detail": "Invalid token."})"};
    });
    const auto offering = world.pull();
    CHECK(!offering);
    CHECK(offering.error().code == Errc::refused);
    CHECK_EQ(offering.error().context, "waldur: the token is rejected: HTTP 401: Invalid token.");
}
