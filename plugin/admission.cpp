// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/admission.hpp"

#include "common/base/text.hpp"
#include "plugin/job_lists.hpp"

#include <algorithm>

namespace sluice::plugin {
namespace {

// `list` is in lower case and sorted: what a job can make this cost grows with its logarithm.
bool contains(const std::vector<std::string>& list, std::string_view word) noexcept {
    const auto before = [](std::string_view entry, std::string_view key) {
        return std::lexicographical_compare(
            entry.begin(), entry.end(), key.begin(), key.end(), [](char a, char b) {
                return static_cast<unsigned char>(a) < static_cast<unsigned char>(folded(b));
            });
    };
    const auto found = std::lower_bound(list.begin(), list.end(), word, before);
    return found != list.end() && equals_ignoring_case(*found, word);
}

// A job that names several partitions may run in any of them: all must be exempt. Commas alone name
// none, and a list of more than kMaxItems is not exempt.
bool all_contained(const std::vector<std::string>& list, std::string_view words) noexcept {
    bool any = false;
    for (std::size_t items = 0; !list.empty() && !words.empty(); ++items) {
        const std::string_view word = trim(next_item(words));
        if (items == kMaxItems || (!word.empty() && !contains(list, word)))
            return false;
        any = any || !word.empty();
    }
    return any;
}

bool is_exempt(const Request& request, const Settings& settings) noexcept {
    return std::binary_search(settings.exempt_users.begin(), settings.exempt_users.end(),
                              request.user) ||
           all_contained(settings.exempt_qos, request.qos) ||
           all_contained(settings.exempt_partitions, request.partition) ||
           all_contained(settings.exempt_reservations, request.reservation);
}

AdmissionResult judge_named(std::string_view name, const View& view, const Settings& settings,
                            Instant now) noexcept {
    if (contains(settings.exempt_accounts, name))
        return {Reason::exempt};
    const View::Account* account = view.account(name);
    if (account == nullptr)
        return {Reason::unknown_account};
    const View::InForce held = view.held(*account, now);
    if (held.paused())
        return {Reason::paused, account, held};
    return {held.text.length > 0 ? Reason::notice : Reason::normal, account, held};
}

// Slurmctld's word comes first: users may change their default account, and the snapshot knows of
// it one interval later.
AdmissionResult judge_default(const Request& request, const View& view, const Settings& settings,
                              Instant now) noexcept {
    if (!request.default_account.empty())
        return judge_named(request.default_account, view, settings, now);
    const View::User* user = view.user(request.user);
    if (user == nullptr || user->default_account.length == 0)
        return {Reason::unknown_user};
    return judge_named(view.text(user->default_account), view, settings, now);
}

} // namespace

AdmissionResult judge(const Request& request, const View* view, const Settings& settings,
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
        return judge_default(request, *view, settings, moment.now);
    return judge_named(request.account, *view, settings, moment.now);
}

} // namespace sluice::plugin
