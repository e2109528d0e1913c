// SPDX-License-Identifier: GPL-2.0-or-later
// What the sync does after a cycle: tells Waldur, by messages in the outbox, what it does not know
// yet.
#include "waldur/sync/sync.hpp"

#include <algorithm>

namespace sluice::app {
namespace {

constexpr const char* kReportedNote = "waldur-reported"; // cluster -> id of a command
constexpr std::size_t kMaxSplit = 50;
constexpr std::size_t kMaxCommands = 100'000; // of one cycle

} // namespace

void PortalSync::tell(const Loop::Shown& shown) {
    std::shared_ptr<const ports::PortalView> view;
    AskedFlags flags;
    {
        auto state = state_.lock();
        view = state->view;
        flags = state->flags;
    }
    // Rules of another answer would take a flag for wanted that its owner has just cleared.
    // Nor is Waldur told figures of a month that may not be this one.
    if (!view || !shown.report || !shown.report->error.empty() || !shown.report->clock.trusted() ||
        shown.rules->portal_began != view->began)
        return;
    const Instant now = parts_.clock.now();
    const AccountResources known = roster(*view);
    ReportInput telling{*view, known, *shown.rules, *shown.report, usage_, now};
    const auto& push = settings_.push;
    if (push.flags && settings_.authority == settings::PortalSettings::Authority::sluice)
        send_flags(tell_flags(telling, flags));
    if (push.command_results)
        tell_commands(telling);
    if (parts_.inbox != nullptr)
        parts_.inbox->told(telling);
    if (push.user_usage) {
        const ReportInput with{*view, known, *shown.rules, *shown.report, users_, now};
        send(tell_users(with), &users_);
    }
    if (!figures_told_ || now < *figures_told_ || now - *figures_told_ >= settings_.interval) {
        figures_told_ = now;
        tell_figures(telling);
    }
    if (push.metadata) {
        const ReportInput with{*view, known, *shown.rules, *shown.report, metadata_, now};
        send(tell_metadata(with, parts_.version), &metadata_);
    }
    parts_.wake();
}

// Noted first: a flag of ours must never be taken for a person's. What a crash keeps from the
// outbox is added with the next cycle.
void PortalSync::send_flags(const Outgoing& out) {
    const std::lock_guard<std::mutex> noting(flag_notes_);
    {
        auto state = state_.lock();
        for (const auto& note : out.notes)
            if (const auto flag = asked_flag(note.value))
                state->flags[note.key] = *flag;
            else
                state->flags.erase(note.key);
    }
    if (const auto put = parts_.notes.put(out.notes); !put)
        log_fault("flags", put.error());
    else
        send({out.messages, {}}, nullptr);
}

// Splitting by user costs slurmdbd a question for each account: some of them each time, in turn.
void PortalSync::tell_figures(const ReportInput& telling) {
    const auto& push = settings_.push;
    const auto usage = tell_usage(telling);
    std::set<std::string> due;
    if (push.user_usage) { // noted first: what a crash keeps from the outbox is told again
        send({{}, tell_due(telling, usage, users_)}, &users_);
        for (const auto& [account, resource] : telling.roster.accounts)
            if (is_due(users_, resource->uuid))
                due.insert(account);
    }
    if (push.usage)
        send(usage, &usage_);
    if (push.identity)
        send({{tell_agent(telling, settings_.offering, parts_.version)}, {}}, nullptr);
    auto some = take_some(due, split_after_, kMaxSplit);
    if (!some.empty())
        parts_.split(std::move(some));
}

void PortalSync::tell_commands(const ReportInput& telling) {
    const std::string& cluster = telling.report.cluster;
    if (reported_ < 0) {
        const auto notes = parts_.notes.notes(kReportedNote);
        if (!notes)
            return;
        const auto found = notes->find(cluster);
        reported_ = found == notes->end() ? -1 : std::stoll(found->second);
    } else if (!commands_due_) {
        return;
    }
    auto commands = parts_.journal.commands({cluster, {}, kMaxCommands});
    if (!commands)
        return;
    std::int64_t newest = reported_;
    std::vector<ports::CommandRecord> closed;
    // What was before the first start is history; of the rest, those after one that is still open
    // wait for it.
    std::reverse(commands->begin(), commands->end());
    const bool first = reported_ < 0;
    bool open = false;
    for (auto& command : *commands) {
        if (command.id <= reported_)
            continue;
        open = !command.finished.has_value();
        if (open)
            break;
        newest = command.id;
        if (!first || command.requested >= loaded_)
            closed.push_back(std::move(command));
    }
    const ports::Note note{kReportedNote, cluster,
                           std::to_string(std::max<std::int64_t>(newest, 0))};
    Outgoing out;
    out.messages = tell_results(telling, closed);
    if (newest != reported_ || first)
        out.notes.push_back(note);
    if (send(out, nullptr)) {
        reported_ = std::max<std::int64_t>(newest, 0);
        commands_due_ = open;
    }
}

bool PortalSync::send(const Outgoing& out, std::map<std::string, std::string>* noted) {
    if (!out.messages.empty())
        if (const auto added = parts_.outbox.add(out.messages); !added) {
            log_fault("messages", added.error());
            return false;
        }
    if (const auto put = parts_.notes.put(out.notes); !put) {
        log_fault("notes", put.error());
        return false;
    }
    if (noted != nullptr)
        for (const auto& note : out.notes)
            (*noted)[note.key] = note.value;
    return true;
}

} // namespace sluice::app
