// SPDX-License-Identifier: GPL-2.0-or-later
// The sync with Waldur: asks Waldur for each offering every `interval`, gives the rules that follow
// to the loop, and after each evaluation puts reports to Waldur into the outbox. While Waldur is
// away, or refuses one of the offerings, its last answer of that offering counts; only its age
// grows.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/thread.hpp"
#include "daemon/core/loop.hpp"
#include "daemon/core/sources.hpp"
#include "daemon/ports/notes.hpp"
#include "waldur/sync/inbox.hpp"
#include "waldur/sync/report.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::waldur {

// Thread-safe, except load(), start() and stop().
class Sync {
public:
    // Of one offering.
    struct Link {
        OfferingSource* source = nullptr;
        MessageInbox* inbox = nullptr; // nullptr: Waldur sends no messages
    };
    struct Parts {
        std::vector<Link> links; // in the order of the settings
        ports::Outbox& outbox;
        ports::Notes& notes;
        ports::JournalReader& journal;
        core::Sources& sources;
        const Clock& clock;
        std::string version;                                         // of sluiced
        std::function<void(std::shared_ptr<const core::Rules>)> use; // by the loop
        // Requests an evaluation that splits the usage of these accounts by user.
        std::function<void(std::set<std::string>)> split;
        std::function<void()> wake; // the sender of the outbox
    };
    // What Waldur answered for one offering last, and why it has not since.
    struct Asked {
        std::shared_ptr<const Offering> offering; // nullptr: it has never answered
        std::optional<Error> trouble;             // nullopt: it answered the last question
    };

    Sync(settings::WaldurSettings settings, Parts parts);
    Sync(const Sync&) = delete;
    Sync& operator=(const Sync&) = delete;
    ~Sync();

    // Reads Waldur's last good answer and what was sent from the journal. The rules of the first
    // evaluation. Before start().
    std::shared_ptr<const core::Rules> load(std::shared_ptr<const core::Rules> file);
    void start();
    // As for core::Loop.
    bool stop(std::chrono::milliseconds patience);

    // From the file, at a reload: Waldur's last answer is laid over it again.
    void use_file(std::shared_ptr<const core::Rules> file);
    // What use_file() would make of it. Thread-safe.
    std::shared_ptr<const core::Rules> rules_with(const core::Rules& file) const;
    void after_cycle(const core::Loop::Shown& shown);
    // Waldur has a message now. On the thread of the outbox's sender.
    void arrived(const ports::OutboxEntry& entry);
    // Ask Waldur now.
    void wake();
    // The same, and waits for all answers. The error of an offering without one; timeout: they take
    // longer than `patience`, or the sync ends.
    Result<void> ask(std::chrono::seconds patience);
    // In the order of the settings.
    std::vector<Asked> asked() const;
    const settings::WaldurSettings& settings() const { return settings_; }
    // Never nullptr.
    std::shared_ptr<const KnownIds> ids() const;

private:
    // What any thread may reach.
    struct State {
        bool asked = false;        // wake()
        std::uint64_t wanted = 0;  // how many times ask() was called
        std::uint64_t serving = 0; // of them, those that the running question serves
        std::uint64_t served = 0;  // of them, those whose answers are there
        std::shared_ptr<const core::Rules> file;
        std::vector<Asked> offerings;
        std::shared_ptr<const KnownIds> ids = std::make_shared<const KnownIds>();
        std::uint64_t version = 0; // how many times messages were laid over an answer
        AskedFlags flags;
        std::optional<core::Loop::Shown> cycle; // not reported yet
        bool commands = false;                  // evaluations since the last report ran commands
    };
    // What only the worker reaches: work() has the only one.
    struct Own {
        std::vector<AnnouncedLimits> limits;   // by offering
        Sent sent;                             // without flags
        std::string split_after;               // the last account whose usage was split by user
        std::optional<std::int64_t> reported;  // newest command that was reported
        bool commands_due = true;              // some commands may not be reported
        std::optional<Instant> usage_reported; // when
        std::vector<std::optional<Instant>>
            kept; // when each answer was last written to the journal
    };

    void work(Own own);
    std::chrono::seconds pause() const;
    void take_limits(Own& own);
    void pull(Own& own);
    // True: the rules may differ now.
    bool answered(Own& own, std::size_t index, Offering answer);
    bool failed(std::size_t index, const Error& error);
    void note_source(Instant now);
    void keep(Own& own, std::size_t index, const Offering& offering);
    // By what offering `index` is called in problems: "", unless there are several.
    std::string named(std::size_t index) const;
    std::shared_ptr<const core::Rules> make_rules(State& state) const;
    void report(Own& own, const core::Loop::Shown& shown);
    void report_flags(const Outgoing& out);
    using Inputs = std::vector<ReportInput>; // one for each offering that has answered
    void report_usage(Own& own, const Inputs& inputs);
    void report_commands(Own& own, const Inputs& inputs);
    // What the journal does not take is tried again after the next evaluation.
    void send(const Outgoing& out, Own& own);
    // False: the journal did not take them.
    bool add(const std::vector<ports::Message>& messages);

    const settings::WaldurSettings settings_;
    Parts parts_;
    Instant loaded_{}; // before the first evaluation of this process
    std::unique_ptr<Own> first_ = std::make_unique<Own>(); // until start()
    mutable Guarded<State> state_;
    std::mutex flag_notes_; // before state_: flags are noted in the order in which they change
    std::condition_variable changed_;
    Worker worker_;
};

} // namespace sluice::waldur
