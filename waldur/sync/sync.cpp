// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/sync.hpp"

#include "common/base/log.hpp"

#include <algorithm>
#include <exception>

namespace sluice::app {
namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* kSource = "waldur";
constexpr const char* kAnswerNote = "waldur-answer";
constexpr std::chrono::seconds kFirstRetry{10}; // while it has never answered
// Between questions that messages ask for: one answers all that came meanwhile. Answers are told
// apart by the second in which they began.
constexpr std::chrono::seconds kBetween{1};
constexpr std::chrono::hours kKeepEvery{1};

} // namespace

void PortalSync::log_fault(const char* what, const Error& error) {
    log::event(log::Level::warning, "SLUICE-0804", "waldur-not-noted",
               {{"what", what}, {"error", error.context}});
}

PortalSync::PortalSync(settings::PortalSettings settings, Parts parts)
    : settings_(std::move(settings)), parts_(std::move(parts)), orders_(parts_.notes) {}

PortalSync::~PortalSync() {
    stop(std::chrono::hours(1));
}

std::shared_ptr<const Rules> PortalSync::load(std::shared_ptr<const Rules> file) {
    loaded_ = parts_.clock.now();
    auto state = state_.lock();
    state->file = std::move(file);
    if (auto kept = parts_.notes.notes(kAnswerNote); kept && kept->contains("last")) {
        if (auto view = parts_.portal.view_of((*kept)["last"])) {
            orders_.load(*view);
            state->view = std::make_shared<const ports::PortalView>(std::move(*view));
        } else {
            log_fault("last answer", view.error());
        }
    }
    if (const auto flags = parts_.notes.notes(kFlagNote))
        for (const auto& [key, text] : *flags)
            if (const auto flag = asked_flag(text))
                state->flags.emplace(key, *flag);
    if (auto notes = parts_.notes.notes(kUsageNote))
        usage_ = std::move(*notes);
    if (auto notes = parts_.notes.notes(kUsersNote))
        users_ = std::move(*notes);
    if (auto notes = parts_.notes.notes(kMetadataNote))
        metadata_ = std::move(*notes);
    return made(*state);
}

void PortalSync::start() {
    worker_.start([this] { work(); });
}

bool PortalSync::stop(std::chrono::milliseconds patience) {
    return worker_.stop(patience, [this] {
        parts_.portal.interrupt();
        wake();
    });
}

void PortalSync::use_file(std::shared_ptr<const Rules> file) {
    std::shared_ptr<const Rules> rules;
    {
        auto state = state_.lock();
        state->file = std::move(file);
        rules = made(*state);
    }
    parts_.use(std::move(rules));
}

void PortalSync::after_cycle(const Loop::Shown& shown) {
    {
        auto state = state_.lock();
        state->cycle = shown;
        // Of a cycle that the next one overtakes, the commands are told all the same.
        state->commands = state->commands || (shown.report && !shown.report->applied.empty());
    }
    changed_.notify_all();
}

void PortalSync::wake() {
    state_.lock()->asked = true;
    changed_.notify_all();
}

void PortalSync::arrived(const ports::OutboxEntry& entry) {
    const std::string& kind = entry.message.kind;
    if (kind != "set_paused" && kind != "set_downscaled")
        return;
    const std::string key = flag_key(entry.message.key, kind.c_str() + 4);
    ports::Note note{kFlagNote, key, ""};
    const std::lock_guard<std::mutex> noting(flag_notes_);
    {
        auto state = state_.lock();
        const auto flag = state->flags.find(key);
        if (flag == state->flags.end() || flag->second.confirmed ||
            entry.message.correlation !=
                kind + ':' + entry.message.key + ':' + text_of(flag->second))
            return;
        flag->second.confirmed = parts_.clock.now();
        note.value = text_of(flag->second);
    }
    if (const auto put = parts_.notes.put(std::span(&note, 1)); !put)
        log_fault("flag", put.error());
}

void PortalSync::work() {
    auto due = Steady::now();
    auto earliest = due; // of a question that somebody asks for
    for (;;) {
        std::optional<Loop::Shown> cycle;
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
            commands_due_ = commands_due_ || state->commands;
            state->commands = false;
            cycle = std::move(state->cycle);
            state->cycle.reset();
        }
        try {
            if (cycle)
                tell(*cycle);
            if (pull_now) {
                earliest = Steady::now() + kBetween;
                take_orders();
                pull();
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
std::chrono::seconds PortalSync::pause() const {
    auto state = state_.lock();
    const bool hurry = state->view == nullptr || (!state->trouble.empty() &&
                                                  parts_.inbox != nullptr && parts_.inbox->waits());
    return hurry ? std::min(kFirstRetry, settings_.interval) : settings_.interval;
}

// What messages say is used before Waldur is asked, however long it takes to answer.
void PortalSync::take_orders() {
    if (parts_.inbox == nullptr || settings_.source != settings::PortalSettings::Source::waldur)
        return;
    std::shared_ptr<const Rules> rules;
    {
        auto state = state_.lock();
        if (!state->view)
            return;
        const Instant now = parts_.clock.now();
        std::shared_ptr<ports::PortalView> view;
        bool any = false;
        parts_.inbox->orders(state->orders + 1, [&](const PortalEvent& event) {
            if (!view)
                view = std::make_shared<ports::PortalView>(*state->view);
            const bool taken = orders_.take(event, state->file->zone, now, *view);
            any = any || taken;
            return taken;
        });
        if (!any)
            return;
        ++state->orders;
        state->view = std::move(view);
        rules = made(*state);
    }
    orders_.keep();
    parts_.use(std::move(rules));
}

void PortalSync::pull() {
    if (parts_.inbox != nullptr)
        parts_.inbox->asking();
    auto view = parts_.portal.pull();
    if (worker_.stopping())
        return;
    if (view)
        answered(std::move(*view));
    else
        failed(view.error());
}

void PortalSync::answered(ports::PortalView view) {
    const Instant now = parts_.clock.now();
    parts_.sources.up(kSource, now);
    const std::string text = parts_.portal.text_of(view);
    std::shared_ptr<const Rules> rules;
    bool changed = false;
    {
        auto state = state_.lock();
        if (!state->trouble.empty())
            log::event(log::Level::notice, "SLUICE-0802", "waldur-answers", {});
        changed = !state->view || !state->view->same_content(view);
        state->trouble.clear();
        state->view = std::make_shared<const ports::PortalView>(std::move(view));
        rules = made(*state);
    }
    if (parts_.inbox != nullptr)
        parts_.inbox->answered();
    parts_.use(std::move(rules));
    // The text is long: a mere new time is written only now and then.
    if (!changed && !orders_.any() && kept_at_ && now - *kept_at_ < kKeepEvery)
        return;
    kept_at_ = now;
    const ports::Note note{kAnswerNote, "last", text};
    if (const auto put = parts_.notes.put(std::span(&note, 1)); !put)
        log_fault("answer", put.error());
    else if (orders_.any())
        orders_.answered();
}

void PortalSync::failed(const Error& error) {
    parts_.sources.down(kSource, error, parts_.clock.now());
    std::shared_ptr<const Rules> rules;
    {
        auto state = state_.lock();
        if (state->trouble == error.context)
            return;
        if (error.code != Errc::unavailable && error.code != Errc::timeout)
            log::event(log::Level::warning, "SLUICE-0801", "waldur-refuses",
                       {{"error", error.context}});
        state->trouble = error.context;
        rules = made(*state);
    }
    parts_.use(std::move(rules));
}

std::shared_ptr<const Rules> PortalSync::made(const State& state) const {
    const auto rules = portal_rules(*state.file, settings_, state.view.get(), state.flags);
    rules->portal_orders = state.orders;
    if (state.trouble.empty())
        return rules;
    auto warned = std::make_shared<Rules>(*rules);
    if (state.view == nullptr && !warned->missing.empty())
        warned->missing += ": " + state.trouble;
    else if (state.view != nullptr)
        warned->problems.push_back({"",
                                    "Waldur does not answer (" + state.trouble +
                                        "); its answer of " +
                                        local_text(warned->zone, state.view->taken) + " is used",
                                    "look at Waldur, and at: journalctl -u sluiced -g waldur; it "
                                    "is asked again by itself"});
    return warned;
}

} // namespace sluice::app
