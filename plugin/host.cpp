// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/host.hpp"

#include "common/admission/answer.hpp"
#include "common/base/printable.hpp"

#include "config.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <span>
#include <vector>

namespace sluice::plugin {

using admission::JobRequest;
using admission::Present;
using admission::Shortfall;
using admission::SnapshotView;

namespace {

// slurmctld adds the text of this code after ours: "Job violates accounting/QOS policy (...)".
// Other codes name permissions or an unknown account.
constexpr int kRefused = ESLURM_ACCOUNTING_POLICY;

void log_info(const char* line) {
    slurm_info("job_submit/sluice: %s", line);
}
void log_error(const char* line) {
    slurm_error("job_submit/sluice: %s", line);
}
constexpr Log kLog{log_info, log_error};

std::string_view text_of(const char* text) noexcept {
    return text != nullptr ? std::string_view(text) : std::string_view();
}

std::optional<std::uint32_t> uid_of(const std::string& name) {
    std::vector<char> buffer(16'384);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr)
        return std::nullopt;
    return found->pw_uid;
}

// "socket=/run/munge/munge.socket.2,ttl=60" -> the path.
std::string socket_of(std::string_view auth_info) {
    constexpr std::string_view kKey = "socket=";
    const std::size_t at = auth_info.find(kKey);
    if (at == std::string_view::npos)
        return {};
    auth_info.remove_prefix(at + kKey.size());
    return std::string(auth_info.substr(0, auth_info.find(',')));
}

std::string conf_beside(std::string_view slurm_conf_path) {
    const std::size_t slash = slurm_conf_path.rfind('/');
    return slash == std::string_view::npos
               ? std::string("sluice.conf")
               : std::string(slurm_conf_path.substr(0, slash + 1)) + "sluice.conf";
}

// As slurmctld prints it: two digits for the month, no padding of the last number.
std::string slurm_version() {
    std::array<char, 32> out{};
    std::snprintf(out.data(), out.size(), "%d.%02d.%d", SLURM_VERSION_MAJOR(SLURM_VERSION_NUMBER),
                  SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER),
                  SLURM_VERSION_MICRO(SLURM_VERSION_NUMBER));
    return out.data();
}

HostFacts find_facts() {
    HostFacts facts;
    std::string_view slurm_conf_path;
    if (&slurm_conf != nullptr) {
        slurm_conf_path = text_of(slurm_conf.slurm_conf);
        facts.state_folder = text_of(slurm_conf.state_save_location);
        facts.munge_socket = socket_of(text_of(slurm_conf.authinfo));
        facts.cluster = text_of(slurm_conf.cluster_name);
    }
    if (slurm_conf_path.empty())
        slurm_conf_path = text_of(std::getenv("SLURM_CONF"));
    if (slurm_conf_path.empty())
        slurm_conf_path = "/etc/slurm/slurm.conf";
    facts.conf_file = conf_beside(slurm_conf_path);
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) == 0)
        facts.host = host.data();
    facts.slurm_version = slurm_version();
    facts.plugin_version = PACKAGE_VERSION;
    facts.own_uid = ::geteuid();
    return facts;
}

// Several plugins may each add a message: that of an earlier one stays first. Names in our text do
// not control the user's terminal.
void add_message(char** err_msg, std::string_view text) {
    if (err_msg == nullptr || text.empty())
        return;
    std::string whole(text_of(*err_msg));
    if (!whole.empty())
        whole += '\n';
    whole += printable(text, Breaks::kept);
    char* fresh = slurm_xstrdup(whole.c_str());
    if (*err_msg != nullptr)
        slurm_xfree(reinterpret_cast<void**>(err_msg));
    *err_msg = fresh;
}

// The association of the user with `account`, null for the default one, as slurmctld has it now. It
// belongs to slurmctld: only whether it is there, and `record`, are safe to use.
slurmdb_assoc_rec_t* host_association(std::uint32_t uid, const char* account,
                                      slurmdb_assoc_rec_t& record) noexcept {
    if (&assoc_mgr_fill_in_assoc == nullptr)
        return nullptr;
    record.uid = uid;
    record.acct = const_cast<char*>(account);
    slurmdb_assoc_rec_t* found = nullptr;
    void* connection = &acct_db_conn != nullptr ? acct_db_conn : nullptr;
    if (assoc_mgr_fill_in_assoc(connection, &record, 0, &found, false) == SLURM_SUCCESS)
        return found;
    record.acct = nullptr;
    return nullptr;
}

// The default account as slurmctld has it now; "": slurmctld knows none. Copied at once: the record
// belongs to slurmctld. The association's own spelling comes first, as it outlives a change of the
// default by another thread; that of the user's record does not.
std::string_view host_default_account(std::uint32_t uid, std::span<char> buffer) noexcept {
    slurmdb_assoc_rec_t record{};
    const slurmdb_assoc_rec_t* found = host_association(uid, nullptr, record);
    const char* name = found != nullptr ? found->acct : record.acct;
    if (name == nullptr)
        return {};
    const std::size_t length = ::strnlen(name, buffer.size());
    std::copy_n(name, length, buffer.begin());
    return {buffer.data(), length};
}

// Who may read the figures of an account. slurmctld knows of new members first.
bool may_read(const SnapshotView& view, const model::SnapshotAccount& account, std::uint32_t user,
              std::uint32_t submitter) noexcept {
    slurmdb_assoc_rec_t record{};
    return submitter == 0 || admission::is_member(view, account, user) ||
           host_association(user, account.name.c_str(), record) != nullptr;
}

} // namespace

Host::Host() : receiver_(find_facts(), cell_, counters_, kLog, uid_of) {}

Host* Host::start() noexcept {
    try {
        std::unique_ptr<Host> host(new Host);
        host->receiver_.prepare();
        if (!host->receiver_.start())
            log_error("the receiver thread cannot start: the plugin receives no updates");
        return host.release(); // entry.cpp's; outlives main() on purpose
    } catch (...) {
        log_error("cannot start: all jobs are admitted");
        return nullptr;
    }
}

void Host::finish(Host* host) noexcept {
    if (host == nullptr)
        return;
    const std::unique_ptr<Host> owned(host);
    owned->receiver_.stop();
}

Moment Host::moment() const noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const std::int64_t steady = steady_seconds();
    return {cell_.now(instant(now.tv_sec), steady), steady - cell_.confirmed()};
}

AdmissionResult Host::decide(Request request, const Current& current, Moment at) const {
    std::array<char, kMaxText> buffer;
    if (request.account.empty())
        request.default_account = host_default_account(request.user, buffer);
    return admit(request, current.view.get(), *current.settings, at);
}

int Host::submit(const job_desc_msg_t& desc, std::uint32_t submitter, char** err_msg) {
    // Kept to the end: the result points into it.
    const auto current = cell_.get();
    const JobText text = text_of(desc, submitter);
    const Moment at = moment();
    if (text.oversized)
        Counters::count(counters_.oversized);
    if (text.oversized_account) {
        Counters::count(counters_.admitted);
        return SLURM_SUCCESS;
    }
    const AdmissionResult result = decide(text.request, *current, at);
    const auto over = result.refused() ? std::nullopt : too_large(result, *current, desc, text);
    if (result.refused() || (over && over->refused())) {
        add_message(err_msg, refusal(*current, result, over, text.request, at.now));
        Counters::count(counters_.refused);
        return kRefused;
    }
    Counters::count(counters_.admitted);
    const auto due = [&] {
        return warned_.due(desc.user_id, result.account->name, result.in_force.standing,
                           epoch(at.now), current->settings->warn_every);
    };
    // What concerns this job alone comes with each such job.
    if (current->settings->warn_at_submit && (over || result.reason == Reason::notice) &&
        may_read(*current->view, *result.account, desc.user_id, submitter) && (over || due())) {
        add_message(err_msg, over ? admission::budget_text(*over)
                                  : admission::warning_text(result.in_force));
        Counters::count(counters_.warned);
    }
    return SLURM_SUCCESS;
}

std::string Host::refusal(const Current& current, const AdmissionResult& result,
                          const std::optional<Shortfall>& over, const Request& request,
                          Instant now) {
    if (!may_read(*current.view, *result.account, request.user, request.submitter))
        return admission::stranger_text(*result.account);
    const bool coded = current.settings->refusal_code;
    if (over)
        return admission::budget_text(*over) + (coded ? admission::budget_code(*over) : "");
    std::array<char, kMaxText> buffer;
    return admission::refusal_text(*current.view, *result.account, request.user,
                                   current.settings->suggest_accounts, now,
                                   host_default_account(request.user, buffer)) +
           (coded ? admission::pause_code(*result.account, now) : "");
}

// The result of an exempt job and of an account without a policy has no account. slurmctld refuses
// an oversized job itself.
std::optional<Shortfall> Host::too_large(const AdmissionResult& result, const Current& current,
                                         const job_desc_msg_t& desc, const JobText& text) noexcept {
    const model::SnapshotAccount* account = result.account;
    if (text.oversized || account == nullptr ||
        (account->check == model::BudgetCheck::off && account->bounded_by.empty()))
        return std::nullopt;
    return admission::shortfall(*current.view, *account, job_request(desc, text));
}

// Judged by what the job becomes, as its submission would be. What a pause or a budget holds
// against the job already is no reason: a hold, a shorter time limit and scancel stay possible. A
// release is: slurmctld starts a job whose QOS an operator has set, also where the list of its
// association has that QOS no more (src/slurmctld/job_scheduler.c, limit_set.qos).
// Staff may lift by an update what sluice.conf exempts; what the job adds must fit all the same.
std::string Host::objection(const job_desc_msg_t& change, const JobUpdate& update,
                            std::uint32_t submitter, const Current& current) {
    const Moment at = moment();
    const JobText text = text_of(update.known() ? update.after() : change, submitter);
    if (text.oversized)
        Counters::count(counters_.oversized);
    if (text.oversized_account)
        return {};
    const AdmissionResult after = decide(text.request, current, at);
    if (!update.known())
        return after.refused() && change.account != nullptr
                   ? refusal(current, after, {}, text.request, at.now)
                   : "";
    const JobText present = text_of(update.before(), submitter);
    const AdmissionResult before = decide(present.request, current, at);
    const bool staff = may_operate(submitter);
    if (after.refused()) {
        const bool same = before.refused() && before.account == after.account && !releases(change);
        return same || (staff && change.account == nullptr)
                   ? ""
                   : refusal(current, after, {}, text.request, at.now);
    }
    if (text.oversized || after.account == nullptr)
        return {};
    JobRequest job = job_request(update.after(), text);
    job.array_tasks = update.array_tasks();
    JobRequest earlier = job_request(update.before(), present);
    earlier.array_tasks = job.array_tasks;
    // Staff may give a job a dearer QOS, as sluiced does when it slows an account down.
    if (staff)
        earlier.qos = job.qos;
    const bool moved = before.account != after.account;
    const auto over = admission::shortfall(*current.view, *after.account, job,
                                           moved ? Present{} : Present{&earlier, staff});
    return over && over->refused() ? refusal(current, after, over, text.request, at.now) : "";
}

int Host::modify(const job_desc_msg_t& change, void* record, std::uint32_t submitter,
                 char** err_msg) {
    const auto current = cell_.get();
    if (change.account == nullptr &&
        (current->view == nullptr ||
         !(releases(change) || (sets_size(change) && current->view->has_budgets()) ||
           (sets_exemption(change) && current->settings->exempts_some()))))
        return SLURM_SUCCESS;
    const JobUpdate update(change, record);
    const std::string why = objection(change, update, submitter, *current);
    if (why.empty())
        return SLURM_SUCCESS;
    add_message(err_msg, why);
    // 22.05 cannot show it to the user.
    if (err_msg == nullptr)
        kLog.note("job update of uid " + std::to_string(submitter) + " refused: " + why);
    Counters::count(counters_.refused);
    return kRefused;
}

} // namespace sluice::plugin
