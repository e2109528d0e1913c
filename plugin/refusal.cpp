// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/refusal.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <vector>

namespace sluice::plugin {
namespace {

constexpr std::size_t kMaxOffers = 5;
// Of the user's accounts. Who is in thousands must not make slurmctld wait for each refusal.
constexpr std::size_t kMaxRead = 64;
// Of the whole text. Clients print it on one line after their own words.
constexpr std::size_t kMaxBytes = 499;

struct Offer {
    std::string_view name;
    std::optional<std::int64_t> percent;
};

struct Offers {
    std::vector<Offer> list;
    bool complete = true; // all accounts of the user were read
};

Offers offers(const View& view, const View::Account& refused, std::uint32_t uid, Instant now) {
    Offers offers;
    auto& out = offers.list;
    const View::User* user = view.user(uid);
    if (user == nullptr)
        return offers;
    const auto all = view.accounts_of(*user);
    offers.complete = all.size() <= kMaxRead;
    for (const auto ref : all.first(std::min(all.size(), kMaxRead))) {
        const std::string_view name = view.text(ref);
        const View::Account* account = view.account(name);
        if (equals_ignoring_case(name, view.text(refused.name)) ||
            (account != nullptr && view.held(*account, now).paused()))
            continue;
        out.push_back({name, account != nullptr ? account->percent : std::nullopt});
    }
    // Most left first; accounts without a limit before those with one.
    std::stable_sort(out.begin(), out.end(), [](const Offer& a, const Offer& b) {
        return a.percent.value_or(-1) < b.percent.value_or(-1);
    });
    return offers;
}

std::string and_more(std::size_t count, bool complete) {
    return complete ? " and " + std::to_string(count) + " more" : " and more";
}

// "chem (61 % used), bio": whole percent, rounded down, so that 99.6 % does not read as nothing
// left. "" when not even one fits in `room`.
std::string listed(const Offers& offers, std::size_t room) {
    const auto& all = offers.list;
    std::string out;
    for (std::size_t i = 0; i < std::min(all.size(), kMaxOffers); ++i) {
        std::string one = i == 0 ? "" : ", ";
        one += printable(all[i].name);
        if (all[i].percent)
            one += " (" + std::to_string(*all[i].percent / 100) + " % used)";
        const std::size_t rest = all.size() - i;
        const std::size_t tail = rest > 1 ? and_more(rest, offers.complete).size() : 0;
        if (out.size() + one.size() + tail > room)
            return out.empty() ? out : out + and_more(rest, offers.complete);
        out += one;
    }
    return all.size() > kMaxOffers ? out + and_more(all.size() - kMaxOffers, offers.complete) : out;
}

// "\nAsk CONTACT", without the full stop; "": the text is complete without.
std::string advice(const View& view, const View::InForce& in_force) {
    return in_force.contact.length == 0 ? "" : "\nAsk " + std::string(view.text(in_force.contact));
}

} // namespace

std::string refusal_text(const View& view, const View::Account& account, std::uint32_t uid,
                         Instant now) {
    const View::InForce in_force = view.held(account, now);
    std::string out(trim(view.text(in_force.text)));
    if (out.empty())
        out = "account " + std::string(view.text(account.name)) + " is paused.";
    const std::string ask = advice(view, in_force);
    const std::string complete = out + (ask.empty() ? "" : ask + ".");
    const auto all = offers(view, account, uid, now);
    if (all.list.empty())
        return complete;
    if (!ask.empty())
        out += ask + ", or use ";
    else
        out += out.ends_with('.') ? " You can use " : ". You can use ";
    out += all.list.size() == 1 && all.complete ? "your other account: "
                                                : "one of your other accounts: ";
    const std::string names =
        out.size() + 1 < kMaxBytes ? listed(all, kMaxBytes - out.size() - 1) : "";
    return names.empty() ? complete : out + names + ".";
}

std::string warning_text(const View& view, const View::InForce& in_force) {
    const std::string ask = advice(view, in_force);
    return std::string(view.text(in_force.text)) + (ask.empty() ? "" : ask + ".");
}

} // namespace sluice::plugin
