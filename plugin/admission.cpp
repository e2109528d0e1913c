// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/admission.hpp"

#include "common/admission/job_lists.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <vector>

namespace sluice::plugin {

using admission::InForce;
using admission::SnapshotView;

namespace {

// `list` is in lower case and sorted: what a job can make this cost grows with its logarithm.
bool contains(const std::vector<std::string>& list, std::string_view word) noexcept {
    const auto found = std::lower_bound(list.begin(), list.end(), word,
                                        [](std::string_view entry, std::string_view key) {
                                            return compare_ignoring_case(entry, key) < 0;
                                        });
    return found != list.end() && equals_ignoring_case(*found, word);
}

// A job that names several partitions may run in any of them, so all must be exempt. A list of
// commas only, or of more than kMaxItems, is not exempt.
bool all_contained(const std::vector<std::string>& list, std::string_view words) noexcept {
    bool any = false;
    for (std::size_t items = 0; !list.empty() && !words.empty(); ++items) {
        const std::string_view word = trim(admission::next_item(words));
        if (items == admission::kMaxItems || (!word.empty() && !contains(list, word)))
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

AdmissionResult admit_named(std::string_view name, const SnapshotView& view,
                            const Settings& settings, Instant now) noexcept {
    if (contains(settings.exempt_accounts, name))
        return {Reason::exempt};
    const model::SnapshotAccount* account = view.account(name);
    if (account == nullptr)
        return {Reason::unknown_account};
    const InForce holds = admission::in_force(*account, now);
    if (holds.paused())
        return {Reason::paused, account, holds};
    return {holds.text.empty() ? Reason::normal : Reason::notice, account, holds};
}

// slurmctld's answer comes first: users can change their default account, and the snapshot has the
// change one interval later.
AdmissionResult admit_default(const Request& request, const SnapshotView& view,
                              const Settings& settings, Instant now) noexcept {
    if (!request.default_account.empty())
        return admit_named(request.default_account, view, settings, now);
    const model::SnapshotUser* user = view.user(request.user);
    if (user == nullptr || user->default_account.empty())
        return {Reason::unknown_user};
    return admit_named(user->default_account, view, settings, now);
}

} // namespace

AdmissionResult admit(const Request& request, const SnapshotView* view, const Settings& settings,
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
        return admit_default(request, *view, settings, moment.now);
    return admit_named(request.account, *view, settings, moment.now);
}

} // namespace sluice::plugin
