// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/life.hpp"

#include "common/settings/times.hpp"

#include <array>
#include <string>

namespace sluice::settings {
namespace {

using model::LifeEnd;

// A day is meant as a whole: `until` includes it.
std::optional<std::chrono::local_seconds> bound(const Node& node, bool end) {
    if (!node.is_scalar())
        return std::nullopt;
    const auto at = parse_local(node.text());
    if (end && at && parse_day(node.text()))
        return *at + std::chrono::days{1};
    return at;
}

void read_bound(MapReader& map, std::string_view key,
                std::optional<std::chrono::local_seconds>& out) {
    const Node* node = map.take(key);
    if (node == nullptr)
        return;
    out = bound(*node, key == "until");
    if (!out)
        map.errors().add(node->place(), std::string(key) +
                                            ": expected a day (2026-03-31), or a local time "
                                            "(2026-03-31T12:00)" +
                                            (key == "until" ? ", or never" : "") + ", found " +
                                            describe(*node));
}

} // namespace

std::optional<model::AccountLife> read_life(MapReader& account) {
    constexpr std::array<Choice<LifeEnd>, 3> kThen{{{"pause", LifeEnd::pause},
                                                    {"downscale", LifeEnd::downscale},
                                                    {"release", LifeEnd::release}}};
    model::AccountLife life;
    read_bound(account, "from", life.from);
    if (const Node* until = account.take("until");
        until != nullptr && until->is_scalar() && until->text() == "never")
        life.endless = true;
    else
        read_bound(account, "until", life.until);
    account.choose("then", life.then, kThen);
    account.read("prorate", life.prorate);
    const bool has_until = account.has("until");
    if (!account.has("from") && !has_until) {
        for (const char* key : {"then", "prorate"})
            if (account.has(key))
                account.errors().add(account.key_place(key),
                                     std::string(key) + " is for an account with a begin or an "
                                                        "end; give from or until, or leave it "
                                                        "out");
        return std::nullopt;
    }
    if (life.from && life.until && *life.until <= *life.from)
        account.errors().add(account.key_place("until"),
                             "the account ends before it begins; give an until after from");
    return life;
}

} // namespace sluice::settings
