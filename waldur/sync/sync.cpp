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
constexpr const char* kAnswerNote = "waldur-answer";     // key: UUID of the offering
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

Answers answers_of(const std::vector<Sync::Asked>& offerings) {
    Answers answers;
    for (const auto& each : offerings)
        answers.push_back(each.offering);
    return answers;
}

// Where the login comes from, for a remedy; never the secret.
std::string login_text(const settings::WaldurSettings& settings) {
    if (!settings.oidc_token_url.empty())
        return "oidc_client_id " + settings.oidc_client_id;
    return settings.token.file.empty() ? "waldur_api_token" : settings.token.file;
}

bool is_away(const Error& error) {
    return error.code == Errc::unavailable || error.code == Errc::timeout;
}

} // namespace

// REQUIRES: a link for each offering of the settings.
Sync::Sync(settings::WaldurSettings settings, Parts parts)
    : settings_(std::move(settings)), parts_(std::move(parts)) {
    first_->limits.resize(parts_.links.size());
    first_->kept.resize(parts_.links.size());
    state_.lock()->offerings.resize(parts_.links.size());
}

Sync::~Sync() {
    stop(std::chrono::hours(1));
}

std::shared_ptr<const core::Rules> Sync::load(std::shared_ptr<const core::Rules> file) {
    loaded_ = parts_.clock.now();
    first_->sent = load_sent(parts_.notes);
    auto state = state_.lock();
    state->file = std::move(file);
    state->flags = std::move(first_->sent.flags);
    if (const auto kept = parts_.notes.notes(kAnswerNote))
        for (std::size_t i = 0; i < state->offerings.size(); ++i)
            if (const auto note = kept->find(settings_.offerings[i].uuid); note != kept->end()) {
                if (auto offering = offering_of(note->second))
                    state->offerings[i].offering =
                        std::make_shared<const Offering>(std::move(*offering));
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
        for (const auto& link : parts_.links)
            link.source->interrupt();
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

std::shared_ptr<const core::Rules> Sync::rules_with(const core::Rules& file) const {
    auto state = state_.lock();
    return rules_from(file, settings_, answers_of(state->offerings), state->flags);
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

Result<void> Sync::ask(std::chrono::seconds patience) {
    auto state = state_.lock();
    const std::uint64_t mine = ++state->wanted;
    state->asked = true;
    changed_.notify_all();
    const bool served = changed_.wait_for(
        state.lock(), patience, [&] { return worker_.stopping() || state->served >= mine; });
    if (!served || state->served < mine)
        return Error{Errc::timeout, "waldur: no answer within " + std::to_string(patience.count()) +
                                        " s; the question continues"};
    for (const auto& each : state->offerings)
        if (each.trouble)
            return Error(*each.trouble);
    return {};
}

std::vector<Sync::Asked> Sync::asked() const {
    return state_.lock()->offerings;
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
            if (pull_now) {
                state->asked = false;
                state->serving = state->wanted;
            }
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
    bool hurry = false;
    for (std::size_t i = 0; i < parts_.links.size(); ++i) {
        const auto& each = state->offerings[i];
        const auto* inbox = parts_.links[i].inbox;
        hurry = hurry || each.offering == nullptr ||
                (each.trouble && inbox != nullptr && inbox->waits());
    }
    return hurry ? std::min(kFirstRetry, settings_.interval) : settings_.interval;
}

// Limits of messages count before Waldur is asked, however long it takes to answer: they become
// part of its last answer, also of the kept one.
void Sync::take_limits(Own& own) {
    if (settings_.source != settings::WaldurSettings::Source::waldur)
        return;
    std::shared_ptr<const core::Rules> rules;
    std::vector<std::shared_ptr<Offering>> taken(parts_.links.size());
    {
        auto state = state_.lock();
        const Instant now = parts_.clock.now();
        bool any = false;
        for (std::size_t i = 0; i < parts_.links.size(); ++i) {
            auto& known = state->offerings[i].offering;
            if (parts_.links[i].inbox == nullptr || !known)
                continue;
            bool mine = false;
            parts_.links[i].inbox->take_limits(state->version + 1, [&](const Event& event) {
                if (!taken[i])
                    taken[i] = std::make_shared<Offering>(*known);
                const bool takes = own.limits[i].take(event, state->file->zone, now, *taken[i]);
                mine = mine || takes;
                return takes;
            });
            if (!mine)
                taken[i].reset();
            else
                known = taken[i];
            any = any || mine;
        }
        if (!any)
            return;
        ++state->version;
        rules = make_rules(*state);
    }
    for (std::size_t i = 0; i < taken.size(); ++i)
        if (taken[i])
            keep(own, i, *taken[i]);
    parts_.use(std::move(rules));
}

// One question for each offering, then one set of rules: each use of rules is an evaluation.
void Sync::pull(Own& own) {
    bool any = false;
    for (std::size_t i = 0; i < parts_.links.size(); ++i) {
        if (parts_.links[i].inbox != nullptr)
            parts_.links[i].inbox->asking();
        auto offering = parts_.links[i].source->pull();
        if (worker_.stopping())
            return;
        if (offering ? answered(own, i, std::move(*offering)) : failed(i, offering.error()))
            any = true;
    }
    note_source(parts_.clock.now());
    std::shared_ptr<const core::Rules> rules;
    {
        auto state = state_.lock();
        if (any)
            rules = make_rules(*state);
    }
    if (rules)
        parts_.use(std::move(rules));
    auto state = state_.lock();
    state->served = state->serving;
    changed_.notify_all();
}

bool Sync::answered(Own& own, std::size_t index, Offering answer) {
    const auto offering = std::make_shared<const Offering>(std::move(answer));
    bool changed = false;
    {
        auto state = state_.lock();
        auto& known = state->offerings[index];
        if (known.trouble)
            log::event(log::Level::notice, "SLUICE-0802", "waldur-answers",
                       {{"offering", dashed(settings_.offerings[index].uuid)}});
        changed = !known.offering || !known.offering->same_content(*offering);
        known.trouble.reset();
        known.offering = offering;
    }
    own.limits[index].clear();
    if (parts_.links[index].inbox != nullptr)
        parts_.links[index].inbox->answered();
    // The text is long: where only the time is new it is written now and then.
    auto& kept = own.kept[index];
    if (changed || !kept || parts_.clock.now() - *kept >= kKeepEvery)
        keep(own, index, *offering);
    return true;
}

void Sync::keep(Own& own, std::size_t index, const Offering& offering) {
    own.kept[index] = parts_.clock.now();
    const ports::Note note{kAnswerNote, settings_.offerings[index].uuid, text_of(offering)};
    if (const auto put = parts_.notes.put(std::span(&note, 1)); !put) {
        own.kept[index].reset(); // with the next answer, even if that is the same
        log_not_noted("answer", put.error());
    }
}

bool Sync::failed(std::size_t index, const Error& error) {
    auto state = state_.lock();
    auto& known = state->offerings[index];
    if (known.trouble && known.trouble->context == error.context)
        return false;
    if (!is_away(error))
        log::event(
            log::Level::warning, "SLUICE-0801", "waldur-refuses",
            {{"offering", dashed(settings_.offerings[index].uuid)}, {"error", error.context}});
    known.trouble = error;
    return true;
}

// Waldur is away while one of its offerings is not answered for that reason.
void Sync::note_source(Instant now) {
    std::optional<Error> away;
    for (const auto& each : asked())
        if (each.trouble && is_away(*each.trouble))
            away = each.trouble;
    if (away)
        parts_.sources.down(kSource, *away, now);
    else
        parts_.sources.up(kSource, now);
}

std::string Sync::named(std::size_t index) const {
    return settings_.offerings.size() == 1
               ? ""
               : " for offering " + dashed(settings_.offerings[index].uuid);
}

std::shared_ptr<const core::Rules> Sync::make_rules(State& state) const {
    const Answers answers = answers_of(state.offerings);
    const auto rules = rules_from(*state.file, settings_, answers, state.flags);
    state.ids = std::make_shared<const KnownIds>(known_ids(settings_, answers, *rules));
    rules->source_version = state.version;
    for (std::size_t i = 0; i < state.offerings.size(); ++i) {
        const auto& each = state.offerings[i];
        if (!each.trouble)
            continue;
        const bool away = is_away(*each.trouble);
        const std::string what =
            std::string(away ? "Waldur does not answer" : "Waldur cannot be read") + named(i) +
            " (" + each.trouble->context + ')';
        if (!each.offering && !rules->missing.empty())
            rules->missing = away ? rules->missing + ": " + each.trouble->context
                                  : what + ", so allocations are not known";
        else if (each.offering)
            rules->problems.push_back(
                {"",
                 what + "; its answer of " + local_text(rules->zone, each.offering->taken) +
                     " is used",
                 away ? "check Waldur, and the log: journalctl -u sluiced -g waldur; sluiced "
                        "retries by itself"
                      : "give sluiced a valid token (" + login_text(settings_) +
                            ") whose user has a role in the service provider of the offering; "
                            "sluiced retries by itself"});
        else if (settings_.source == settings::WaldurSettings::Source::file)
            rules->problems.push_back({"", what, "see sluice waldur"});
    }
    return rules;
}

void Sync::report(Own& own, const core::Loop::Shown& shown) {
    Answers answers;
    Sent flags;
    {
        auto state = state_.lock();
        answers = answers_of(state->offerings);
        flags.flags = state->flags;
    }
    // By rules from another answer a flag would seem wanted that its owner has just cleared. And
    // while the clock is not trusted, the month of a figure is not known.
    const Instant began = waldur::began(answers);
    if (began == Instant{} || !shown.report || !shown.report->error.empty() ||
        !shown.report->clock.trusted() || shown.rules->source_began != began)
        return;
    const Instant now = parts_.clock.now();
    const auto resources = account_resources(answers);
    const auto& push = settings_.push;
    Inputs inputs;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!answers[i])
            continue;
        inputs.push_back({*answers[i], resources[i], *shown.rules, *shown.report, own.sent, now});
        if (push.flags && settings_.authority == settings::WaldurSettings::Authority::sluice)
            report_flags(make_flag_messages(
                {*answers[i], resources[i], *shown.rules, *shown.report, flags, now}));
    }
    if (push.command_results)
        report_commands(own, inputs);
    for (std::size_t i = 0, at = 0; i < answers.size(); ++i)
        if (answers[i]) {
            if (parts_.links[i].inbox != nullptr)
                parts_.links[i].inbox->settle(inputs[at]);
            ++at;
        }
    if (push.user_usage)
        for (const auto& input : inputs)
            send(make_user_messages(input), own);
    if (!own.usage_reported || now < *own.usage_reported ||
        now - *own.usage_reported >= settings_.interval) {
        own.usage_reported = now;
        report_usage(own, inputs);
        for (std::size_t i = 0, at = 0; push.identity && i < answers.size(); ++i)
            if (answers[i])
                add({make_agent_message(inputs[at++], settings_.offerings[i].uuid,
                                        parts_.version)});
    }
    if (push.metadata)
        for (const auto& input : inputs)
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
void Sync::report_usage(Own& own, const Inputs& inputs) {
    const auto& push = settings_.push;
    std::set<std::string> due;
    for (const auto& input : inputs) {
        const auto usage = make_usage_messages(input);
        if (push.user_usage) { // noted first: what a crash keeps from the outbox is sent again
            send(users_due(input, usage), own);
            for (const auto& [account, resource] : input.resources.by_account)
                if (const auto users = own.sent.users.find(resource->uuid);
                    users != own.sent.users.end() && users->second.due)
                    due.insert(account);
        }
        if (push.usage)
            send(usage, own);
    }
    auto some = take_some(due, own.split_after, kMaxSplit);
    if (!some.empty())
        parts_.split(std::move(some));
}

void Sync::report_commands(Own& own, const Inputs& inputs) {
    const std::string& cluster = inputs.front().report.cluster;
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
    for (const auto& input : inputs)
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
