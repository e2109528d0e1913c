// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/admission/answer.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/base/zone.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace sluice::admission {
namespace {

constexpr std::size_t kMaxSuggestions = 5;
// Of the user's accounts: a user with thousands must not delay slurmctld with each refusal.
constexpr std::size_t kMaxRead = 64;
// Of the whole text. Clients print it on one line after their own words.
constexpr std::size_t kMaxBytes = 499;

struct Suggestion {
    std::string_view name;
    std::int64_t percent; // hundredths
    bool is_default = false;
};

struct Suggestions {
    std::vector<Suggestion> list;
    bool complete = true; // all accounts of the user were read
};

// Accounts with an allocation of their own that is not used up. An account without one is bounded
// by nothing, or by an account above it: neither is what a refusal should send people to.
Suggestions suggestions(const SnapshotView& view, const model::SnapshotAccount& refused,
                        std::uint32_t uid, std::string_view default_account, Instant now) {
    constexpr std::int64_t kUsedUp = 100 * 100;
    Suggestions out;
    const model::SnapshotUser* user = view.user(uid);
    if (user == nullptr)
        return out;
    const auto& all = user->accounts;
    out.complete = all.size() <= kMaxRead;
    for (const auto& name : std::span(all).first(std::min(all.size(), kMaxRead))) {
        const model::SnapshotAccount* account = view.account(name);
        if (account == nullptr || account == &refused ||
            account->percent.value_or(kUsedUp) >= kUsedUp ||
            in_force(*account, now).standing != model::Standing::normal)
            continue;
        out.list.push_back({name, *account->percent, equals_ignoring_case(name, default_account)});
    }
    // Most left first.
    std::stable_sort(
        out.list.begin(), out.list.end(),
        [](const Suggestion& a, const Suggestion& b) { return a.percent < b.percent; });
    return out;
}

std::string and_more(std::size_t count, bool complete) {
    return complete ? " and " + std::to_string(count) + " more" : " and more";
}

// "chem (61 % used), bio": whole percent, rounded down, so that 99.6 % does not read as used up. ""
// if not even the first fits in `room`.
std::string listed(const Suggestions& suggestions, std::size_t room) {
    const auto& all = suggestions.list;
    std::string out;
    for (std::size_t i = 0; i < std::min(all.size(), kMaxSuggestions); ++i) {
        std::string one = i == 0 ? "" : ", ";
        one += printable(all[i].name);
        one += " (" + std::to_string(all[i].percent / 100) + " % used" +
               (all[i].is_default ? ", your default account)" : ")");
        const std::size_t rest = all.size() - i;
        const std::size_t tail = rest > 1 ? and_more(rest, suggestions.complete).size() : 0;
        if (out.size() + one.size() + tail > room)
            return out.empty() ? out : out + and_more(rest, suggestions.complete);
        out += one;
    }
    return all.size() > kMaxSuggestions
               ? out + and_more(all.size() - kMaxSuggestions, suggestions.complete)
               : out;
}

// "\nAsk CONTACT", without the full stop; "": the text is complete without.
std::string advice(const InForce& in_force) {
    return in_force.contact.empty() ? "" : "\nAsk " + std::string(in_force.contact);
}

} // namespace

bool is_member(const SnapshotView& view, const model::SnapshotAccount& account,
               std::uint32_t uid) noexcept {
    const model::SnapshotUser* user = view.user(uid);
    // A few at most; a member of thousands pays for it with a refusal or a warning only.
    return user != nullptr &&
           std::any_of(user->accounts.begin(), user->accounts.end(), [&](const std::string& name) {
               return equals_ignoring_case(name, account.name);
           });
}

std::string refusal_text(const SnapshotView& view, const model::SnapshotAccount& account,
                         std::uint32_t uid, bool suggest, Instant now,
                         std::string_view default_account) {
    const InForce holds = in_force(account, now);
    std::string out(trim(holds.text));
    if (out.empty())
        out = "account " + account.name + " is paused.";
    const std::string ask = advice(holds);
    const auto all =
        suggest ? suggestions(view, account, uid, default_account, now) : Suggestions{};
    std::string lead = ", or use ";
    if (ask.empty())
        lead = out.ends_with('.') ? " You can use " : ". You can use ";
    lead += all.list.size() == 1 && all.complete ? "your other account: "
                                                 : "one of your other accounts: ";
    const std::size_t taken = out.size() + ask.size() + lead.size() + 1;
    const std::string names = taken < kMaxBytes ? listed(all, kMaxBytes - taken) : "";
    out += ask;
    if (!names.empty())
        return out + lead + names + ".";
    return ask.empty() ? out : out + ".";
}

std::string stranger_text(const model::SnapshotAccount& account) {
    return "account " + printable(account.name) + " does not exist, or you do not belong to it.";
}

std::string pause_code(const model::SnapshotAccount& account, Instant now) {
    std::string out = "\n[sluice: paused account=" + percent_encoded(account.name);
    const auto end =
        std::find_if(account.later.begin(), account.later.end(), [&](const auto& each) {
            return each.from > now && each.standing != model::Standing::paused;
        });
    if (end != account.later.end())
        out += " until=" + utc_text(end->from);
    return out + ']';
}

std::string warning_text(const InForce& in_force) {
    std::string out(in_force.text);
    if (!in_force.contact.empty())
        out += " Ask " + std::string(in_force.contact) + " for more.";
    return out;
}

} // namespace sluice::admission
