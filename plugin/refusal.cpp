// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/refusal.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <vector>

namespace sluice::plugin {
namespace {

constexpr std::size_t kMostOffers = 5;

struct Offer {
    std::string_view name;
    std::optional<std::int64_t> percent;
};

std::vector<Offer> offers(const View& view, const View::Account& refused, std::uint32_t uid,
                          Instant now) {
    std::vector<Offer> out;
    const View::User* user = view.user(uid);
    if (user == nullptr)
        return out;
    for (const auto ref : view.accounts_of(*user)) {
        const std::string_view name = view.text(ref);
        const View::Account* account = view.account(name);
        if (equals_ignoring_case(name, view.text(refused.name)) ||
            (account != nullptr && is_paused(*account, now)))
            continue;
        out.push_back({name, account != nullptr ? account->percent : std::nullopt});
    }
    // Most left first; accounts without a limit before those with one.
    std::stable_sort(out.begin(), out.end(), [](const Offer& a, const Offer& b) {
        return a.percent.value_or(-1) < b.percent.value_or(-1);
    });
    return out;
}

// "chem (61 % used), bio": whole percent, rounded down, so that 99.6 % does not read as nothing
// left.
std::string listed(const std::vector<Offer>& all) {
    std::string out;
    for (std::size_t i = 0; i < std::min(all.size(), kMostOffers); ++i) {
        out += i == 0 ? "" : ", ";
        out += all[i].name;
        if (all[i].percent)
            out += " (" + std::to_string(*all[i].percent / 100) + " % used)";
    }
    if (all.size() > kMostOffers)
        out += " and " + std::to_string(all.size() - kMostOffers) + " more";
    return out;
}

// The last sentence asks somebody: the offer goes on from it.
bool ends_with_advice(std::string_view text) {
    const std::size_t line = text.find_last_of('\n');
    const std::size_t stop = text.rfind(". ");
    std::size_t begin = 0;
    if (line != std::string_view::npos)
        begin = line + 1;
    if (stop != std::string_view::npos)
        begin = std::max(begin, stop + 2);
    return text.substr(begin).starts_with("Ask ");
}

} // namespace

std::string refusal_text(const View& view, const View::Account& account, std::uint32_t uid,
                         Instant now) {
    std::string_view base = trim(view.text(account.text));
    std::string out(base);
    if (out.empty())
        out = "account " + std::string(view.text(account.name)) + " is paused.";
    const auto all = offers(view, account, uid, now);
    if (all.empty())
        return out;
    const std::string one =
        all.size() == 1 ? "your other account: " : "one of your other accounts: ";
    if (ends_with_advice(out)) {
        if (out.ends_with('.'))
            out.pop_back();
        return out + ", or use " + one + listed(all) + ".";
    }
    if (!out.ends_with('.'))
        out += '.';
    return out + " You can use " + one + listed(all) + ".";
}

} // namespace sluice::plugin
