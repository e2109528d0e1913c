// SPDX-License-Identifier: GPL-2.0-or-later
// How often a user reads the same warning.
#include "plugin/warned.hpp"
#include "tests/support/case.hpp"

#include <memory>
#include <string>

using namespace sluice;
using plugin::Warned;

namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kNow = 1'795'395'000;
constexpr auto kWarned = model::Standing::normal;
constexpr auto kSlow = model::Standing::downscaled;

} // namespace

CASE(a_warning_comes_once_a_day_for_each_user_account_and_standing) {
    const auto warned = std::make_unique<Warned>();
    CHECK(warned->due(1001, "bio", kWarned, kNow, kDay));
    CHECK(!warned->due(1001, "BIO", kWarned, kNow + kDay - 1, kDay));
    CHECK(warned->due(1002, "bio", kWarned, kNow, kDay));
    CHECK(warned->due(1001, "geo", kWarned, kNow, kDay));
    CHECK(warned->due(1001, "bio", kSlow, kNow, kDay)); // worse than before
    CHECK(warned->due(1001, "bio", kWarned, kNow + kDay, kDay));
    CHECK(!warned->due(1001, "bio", kWarned, kNow + kDay, kDay));
    CHECK(warned->due(1001, "bio", kWarned, kNow, kDay)); // the clock went back
    CHECK(warned->due(1001, "bio", kWarned, kNow, 0));
    CHECK(warned->due(1001, "bio", kWarned, kNow, 0));
}

CASE(a_full_table_warns_too_often_and_never_too_rarely) {
    const auto warned = std::make_unique<Warned>();
    for (std::uint32_t user = 0; user < 100'000; ++user)
        CHECK(warned->due(user, "bio", kWarned, kNow + user / 1000, kDay));
    std::uint32_t kept = 0;
    for (std::uint32_t user = 99'000; user < 100'000; ++user)
        kept += warned->due(user, "bio", kWarned, kNow + 100, kDay) ? 0U : 1U;
    CHECK(kept > 900); // the newest stay
}
