// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/sync.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <exception>
#include <span>

namespace sluice::waldur {
namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* kSource = "waldur";
constexpr const char* kAnswerNote = "waldur-answer";     // key "last"
constexpr const char* kReportedNote = "waldur-reported"; // cluster -> id of a command
constexpr std::chrono::seconds kFirstRetry{10};          // while Waldur has never answered
// Between questions that messages cause: one question serves all messages that came meanwhile.
// Answers are distinguished by the second in which they began.
constexpr std::chrono::seconds kBetween{1};
constexpr std::chrono::hours kKeepEvery{1};
constexpr std::size_t kMaxSplit = 50;
constexpr std::size_t kMaxCommands = 100'000; // of one evaluation

void log_not_noted(const char* what, const Error& error) {
    log::event(log::Level::warning, "SLUICE-0804", "waldur-not-noted",
               {{"what", what}, {"error", error.context}});
}

} // namespace

Sync::Sync(settings::WaldurSettings settings, Parts parts)
    : settings_(std::move(settings)), parts_(std::move(parts)) {}

Sync::~Sync() {
    stop(std::chrono::hours(1));
}

std::shared_ptr<const core::Rules> Sync::load(std::shared_ptr<const core::Rules> file) {
    loaded_ = parts_.clock.now();
    first_->sent = load_sent(parts_.notes);
    auto state = state_.lock();
    state->file = std::move(file);
    state->flags = std::move(first_->sent.flags);
    if (auto kept = parts_.notes.notes(kAnswerNote); kept && kept->contains("last")) {
        if (auto offering = offering_of((*kept)["last"]))
            state->offering = std::make_shared<const Offering>(std::move(*offering));
        else
            log_not_noted("last answer", offering.error());
    }
    return make_rules(*state);
}

void Sync::start() {
    worker_.start([this] { work(std::move(*std::exchange(first_, nullptr))); });
}

bool Sync::stop(std::chrono::milliseconds patience) {
    return worker_.stop(patience, [this] {
        parts_.source.interrupt();
        wake();
    });
}

void Sync::use_file(std::shared_ptr<const core::Rules> file) {
    std::shared_ptr<const core::Rules> rules;
    {
        auto state = state_.lock();
        state->file = std::move(file);
        rules = make_rules(*state);
    }
    parts_.use(std::move(rules));
}

void Sync::after_cycle(const core::Loop::Shown& shown) {
    {
        auto state = state_.lock();
        state->cycle = shown;
        // Commands are also reported where the next evaluation overtakes this one.
        state->commands = state->commands || (shown.report && !shown.report->applied.empty());
    }
    changed_.notify_all();
}

void Sync::wake() {
    state_.lock()->asked = true;
    changed_.notify_all();
}

std::shared_ptr<const KnownIds> Sync::ids() const {
    return state_.lock()->ids;
}

void Sync::arrived(const ports::OutboxEntry& entry) {
    const ports::Message& message = entry.message;
    for (const Flag kind : {Flag::paused, Flag::downscaled}) {
        if (message.kind != std::string("set_") + name(kind))
            continue;
        const FlagKey key{message.key, kind};
        Sent sent;
        const std::lock_guard<std::mutex> noting(flag_notes_);
        {
            auto state = state_.lock();
            const auto flag = state->flags.find(key);
            if (flag == state->flags.end() || flag->second.confirmed ||
                message.correlation !=
                    message.kind + ':' + message.key + ':' + text_of(flag->second))
                return;
            flag->second.confirmed = parts_.clock.now();
            sent.flags.insert(*flag);
        }
        if (const auto put = parts_.notes.put(notes_of(sent)); !put)
            log_not_noted("flag", put.error());
    }
}

void Sync::work(Own own) {
    auto due = Steady::now();
    auto earliest = due; // of a question that a message causes
    for (;;) {
        std::optional<core::Loop::Shown> cycle;
        bool pull_now = false;
        {
            auto state = state_.lock();
            const bool asked = state->asked;
            changed_.wait_until(state.lock(), asked ? std::min(due, earliest) : due, [&] {
                return worker_.stopping() || state->cycle || state->asked != asked;
            });
            if (worker_.stopping())
                return;
            pull_now = Steady::now() >= (state->asked ? std::min(due, earliest) : due);
            if (pull_now)
                state->asked = false;
            own.commands_due = own.commands_due || std::exchange(state->commands, false);
            cycle = std::exchange(state->cycle, std::nullopt);
        }
        try {
            if (cycle)
                report(own, *cycle);
            if (pull_now) {
                earliest = Steady::now() + kBetween;
                take_limits(own);
                pull(own);
                due = Steady::now() + pause();
            }
        } catch (const std::exception& fault) {
            log::event(log::Level::error, "SLUICE-0805", "waldur-sync-failed",
                       {{"error", fault.what()}});
            due = Steady::now() + settings_.interval;
        }
    }
}

// Until the next question. A message waits for an answer, and so does a first start.
std::chrono::seconds Sync::pause() const {
    auto state = state_.lock();
    const bool hurry =
        state->offering == nullptr ||
        (!state->trouble.empty() && parts_.inbox != nullptr && parts_.inbox->waits());
    return hurry ? std::min(kFirstRetry, settings_.interval) : settings_.interval;
}

// Limits of messages count before Waldur is asked, however long it takes to answer: they become
// part of its last answer, also of the kept one.
void Sync::take_limits(Own& own) {
    if (parts_.inbox == nullptr || settings_.source != settings::WaldurSettings::Source::waldur)
        return;
    std::shared_ptr<const core::Rules> rules;
    std::shared_ptr<Offering> offering;
    {
        auto state = state_.lock();
        if (!state->offering)
            return;
        const Instant now = parts_.clock.now();
        bool any = false;
        parts_.inbox->take_limits(state->version + 1, [&](const Event& event) {
            if (!offering)
                offering = std::make_shared<Offering>(*state->offering);
            const bool taken = own.limits.take(event, state->file->zone, now, *offering);
            any = any || taken;
            return taken;
        });
        if (!any)
            return;
        ++state->version;
        state->offering = offering;
        rules = make_rules(*state);
    }
    keep(own, *offering);
    parts_.use(std::move(rules));
}

void Sync::pull(Own& own) {
    if (parts_.inbox != nullptr)
        parts_.inbox->asking();
    auto offering = parts_.source.pull();
    if (worker_.stopping())
        return;
    if (offering)
        answered(own, std::move(*offering));
    else
        failed(offering.error());
}

void Sync::answered(Own& own, Offering answer) {
    const Instant now = parts_.clock.now();
    parts_.sources.up(kSource, now);
    const auto offering = std::make_shared<const Offering>(std::move(answer));
    std::shared_ptr<const core::Rules> rules;
    bool changed = false;
    {
        auto state = state_.lock();
        if (!state->trouble.empty())
            log::event(log::Level::notice, "SLUICE-0802", "waldur-answers", {});
        changed = !state->offering || !state->offering->same_content(*offering);
        state->trouble.clear();
        state->offering = offering;
        rules = make_rules(*state);
    }
    own.limits.clear();
    if (parts_.inbox != nullptr)
        parts_.inbox->answered();
    parts_.use(std::move(rules));
    // The text is long: where only the time is new it is written now and then.
    if (changed || !own.kept || now - *own.kept >= kKeepEvery)
        keep(own, *offering);
}

void Sync::keep(Own& own, const Offering& offering) {
    own.kept = parts_.clock.now();
    const ports::Note note{kAnswerNote, "last", text_of(offering)};
    if (const auto put = parts_.notes.put(std::span(&note, 1)); !put) {
        own.kept.reset(); // with the next answer, even if that is the same
        log_not_noted("answer", put.error());
    }
}

void Sync::failed(const Error& error) {
    parts_.sources.down(kSource, error, parts_.clock.now());
    std::shared_ptr<const core::Rules> rules;
    {
        auto state = state_.lock();
        if (state->trouble == error.context)
            return;
        if (error.code != Errc::unavailable && error.code != Errc::timeout)
            log::event(log::Level::warning, "SLUICE-0801", "waldur-refuses",
                       {{"error", error.context}});
        state->trouble = error.context;
        rules = make_rules(*state);
    }
    parts_.use(std::move(rules));
}

std::shared_ptr<const core::Rules> Sync::make_rules(State& state) const {
    const Offering* offering = state.offering.get();
    const auto rules = rules_from(*state.file, settings_, offering, state.flags);
    state.ids = std::make_shared<const KnownIds>(known_ids(settings_, offering, *rules));
    rules->source_version = state.version;
    if (state.trouble.empty())
        return rules;
    if (offering == nullptr && !rules->missing.empty())
        rules->missing += ": " + state.trouble;
    else if (offering != nullptr)
        rules->problems.push_back({"",
                                   "Waldur does not answer (" + state.trouble +
                                       "); its answer of " +
                                       local_text(rules->zone, offering->taken) + " is used",
                                   "check Waldur, and the log: journalctl -u sluiced -g waldur; "
                                   "sluiced retries by itself"});
    return rules;
}

void Sync::report(Own& own, const core::Loop::Shown& shown) {
    std::shared_ptr<const Offering> offering;
    Sent flags;
    {
        auto state = state_.lock();
        offering = state->offering;
        flags.flags = state->flags;
    }
    // By rules from another answer a flag would seem wanted that its owner has just cleared. And
    // while the clock is not trusted, the month of a figure is not known.
    if (!offering || !shown.report || !shown.report->error.empty() ||
        !shown.report->clock.trusted() || shown.rules->source_began != offering->began)
        return;
    const Instant now = parts_.clock.now();
    const AccountResources resources = account_resources(*offering);
    const ReportInput input{*offering, resources, *shown.rules, *shown.report, own.sent, now};
    const auto& push = settings_.push;
    if (push.flags && settings_.authority == settings::WaldurSettings::Authority::sluice)
        report_flags(
            make_flag_messages({*offering, resources, *shown.rules, *shown.report, flags, now}));
    if (push.command_results)
        report_commands(own, input);
    if (parts_.inbox != nullptr)
        parts_.inbox->settle(input);
    if (push.user_usage)
        send(make_user_messages(input), own);
    if (!own.usage_reported || now < *own.usage_reported ||
        now - *own.usage_reported >= settings_.interval) {
        own.usage_reported = now;
        report_usage(own, input);
    }
    if (push.metadata)
        send(make_metadata_messages(input, parts_.version), own);
    parts_.wake();
}

// Noted first: a flag of Sluice must never be taken for a person's. What a crash keeps from the
// outbox is added after the next evaluation.
void Sync::report_flags(const Outgoing& out) {
    const std::lock_guard<std::mutex> noting(flag_notes_);
    auto notes = notes_of(out.sent);
    {
        auto state = state_.lock();
        for (const auto& [key, flag] : out.sent.flags)
            state->flags[key] = flag;
        for (const auto& key : out.forgotten) {
            state->flags.erase(key);
            notes.push_back(note_without(key));
        }
    }
    if (const auto put = parts_.notes.put(notes); !put)
        log_not_noted("flags", put.error());
    else
        add(out.messages);
}

// Splitting by user costs slurmdbd a query for each account: some of them each time, in turn.
void Sync::report_usage(Own& own, const ReportInput& input) {
    const auto& push = settings_.push;
    const auto usage = make_usage_messages(input);
    std::set<std::string> due;
    if (push.user_usage) { // noted first: what a crash keeps from the outbox is sent again
        send(users_due(input, usage), own);
        for (const auto& [account, resource] : input.resources.by_account)
            if (const auto users = own.sent.users.find(resource->uuid);
                users != own.sent.users.end() && users->second.due)
                due.insert(account);
    }
    if (push.usage)
        send(usage, own);
    if (push.identity)
        add({make_agent_message(input, settings_.offering, parts_.version)});
    auto some = take_some(due, own.split_after, kMaxSplit);
    if (!some.empty())
        parts_.split(std::move(some));
}

void Sync::report_commands(Own& own, const ReportInput& input) {
    const std::string& cluster = input.report.cluster;
    if (!own.reported) {
        const auto notes = parts_.notes.notes(kReportedNote);
        if (!notes)
            return;
        if (const auto found = notes->find(cluster); found != notes->end())
            own.reported = whole_number(found->second);
    } else if (!own.commands_due) {
        return;
    }
    auto commands = parts_.journal.commands({cluster, {}, kMaxCommands});
    if (!commands)
        return;
    // Commands before the first start are history. Those after an open one wait for it.
    const bool first = !own.reported;
    std::int64_t newest = own.reported.value_or(0);
    std::vector<ports::CommandRecord> closed;
    std::reverse(commands->begin(), commands->end());
    bool open = false;
    for (auto& command : *commands) {
        if (command.id <= newest)
            continue;
        open = !command.finished.has_value();
        if (open)
            break;
        newest = command.id;
        if (!first || command.requested >= loaded_)
            closed.push_back(std::move(command));
    }
    if (!add(make_result_messages(input, closed)))
        return;
    if (newest != own.reported) {
        const ports::Note note{kReportedNote, cluster, std::to_string(newest)};
        if (const auto put = parts_.notes.put(std::span(&note, 1)); !put) {
            log_not_noted("commands", put.error());
            return;
        }
    }
    own.reported = newest;
    own.commands_due = open;
}

bool Sync::add(const std::vector<ports::Message>& messages) {
    if (messages.empty())
        return true;
    const auto added = parts_.outbox.add(messages);
    if (!added)
        log_not_noted("messages", added.error());
    return added.has_value();
}

void Sync::send(const Outgoing& out, Own& own) {
    if (!add(out.messages))
        return;
    if (const auto put = parts_.notes.put(notes_of(out.sent)); !put)
        log_not_noted("notes", put.error());
    else
        own.sent.update(out.sent);
}

} // namespace sluice::waldur
