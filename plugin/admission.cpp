// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/admission.hpp"

#include "common/base/text.hpp"

#include <algorithm>

namespace sluice::plugin {
namespace {

// These lists are short; a scan without folding a copy of the word costs less than it looks.
bool contains(const std::vector<std::string>& list, std::string_view word) noexcept {
    return std::any_of(list.begin(), list.end(), [word](const std::string& entry) {
        return equals_ignoring_case(entry, word);
    });
}

// A job that names several partitions may run in any of them: all must be exempt.
bool all_contained(const std::vector<std::string>& list, std::string_view words) noexcept {
    if (list.empty() || words.empty())
        return false;
    while (true) {
        const std::size_t comma = words.find(',');
        const std::string_view word = trim(words.substr(0, comma));
        if (!word.empty() && !contains(list, word))
            return false;
        if (comma == std::string_view::npos)
            return true;
        words.remove_prefix(comma + 1);
    }
}

bool is_exempt(const Request& request, const Settings& settings) noexcept {
    return std::binary_search(settings.exempt_users.begin(), settings.exempt_users.end(),
                              request.user) ||
           all_contained(settings.exempt_qos, request.qos) ||
           all_contained(settings.exempt_partitions, request.partition) ||
           all_contained(settings.exempt_reservations, request.reservation);
}

Verdict judge_account(const View& view, const View::Account* account, Instant now) noexcept {
    if (account == nullptr)
        return {Reason::unknown_account};
    const View::Held held = view.held(*account, now);
    if (held.paused())
        return {Reason::paused, account, held.text};
    return {held.text.length > 0 ? Reason::notice : Reason::normal, account, held.text};
}

Verdict judge_default(const View& view, std::uint32_t uid, const Settings& settings,
                      Instant now) noexcept {
    const View::User* user = view.user(uid);
    if (user == nullptr || user->default_account.length == 0)
        return {Reason::unknown_user};
    if (contains(settings.exempt_accounts, view.text(user->default_account)))
        return {Reason::exempt};
    return judge_account(view, view.default_of(*user), now);
}

} // namespace

Verdict judge(const Request& request, const View* view, const Settings& settings,
              Moment moment) noexcept {
    if (request.submitter == 0 && request.user == 0)
        return {Reason::root};
    if (is_exempt(request, settings))
        return {Reason::exempt};
    if (view == nullptr)
        return {Reason::no_snapshot};
    if (settings.fail_open && moment.age > settings.max_age)
        return {Reason::stale};
    if (request.account.empty())
        return judge_default(*view, request.user, settings, moment.now);
    if (contains(settings.exempt_accounts, request.account))
        return {Reason::exempt};
    return judge_account(*view, view->account(request.account), moment.now);
}

} // namespace sluice::plugin
