// SPDX-License-Identifier: GPL-2.0-or-later
// The sync with Waldur: asks every `interval`, hands the rules that follow to the loop, and after
// each cycle puts into the outbox what Waldur is to be told. Waldur being away costs nothing but
// age.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/thread.hpp"
#include "daemon/core/loop.hpp"
#include "daemon/core/sources.hpp"
#include "waldur/sync/inbox.hpp"
#include "waldur/sync/messages.hpp"
#include "waldur/sync/orders.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace sluice::app {

// Thread-safe, except load(), start() and stop().
class PortalSync {
public:
    struct Parts {
        ports::Portal& portal;
        ports::Outbox& outbox;
        ports::Notes& notes;
        ports::Journal& journal;
        Sources& sources;
        const Clock& clock;
        std::string version;                                   // of sluiced
        std::function<void(std::shared_ptr<const Rules>)> use; // to the loop
        // A cycle that splits the usage of these accounts by user.
        std::function<void(std::set<std::string>)> split;
        std::function<void()> wake;   // the courier
        PortalInbox* inbox = nullptr; // nullptr: Waldur sends no messages
    };

    PortalSync(settings::PortalSettings settings, Parts parts);
    PortalSync(const PortalSync&) = delete;
    PortalSync& operator=(const PortalSync&) = delete;
    ~PortalSync();

    // The last good answer out of the journal, and the rules of the first cycle.
    std::shared_ptr<const Rules> load(std::shared_ptr<const Rules> file);
    void start();
    // As for Loop.
    bool stop(std::chrono::milliseconds patience);

    // From the file, at a reload: what Waldur said is laid over it again.
    void use_file(std::shared_ptr<const Rules> file);
    void after_cycle(const Loop::Shown& shown);
    // A message got there (from the courier's thread).
    void arrived(const ports::OutboxEntry& entry);
    // Ask Waldur now.
    void wake();

private:
    struct State {
        bool asked = false; // wake()
        std::shared_ptr<const Rules> file;
        std::shared_ptr<const ports::PortalView> view; // nullptr: never answered
        std::uint64_t orders = 0; // how many times orders were laid over an answer
        AskedFlags flags;
        std::string trouble;              // why the last pull failed; "": it did not
        std::optional<Loop::Shown> cycle; // not looked at yet
        bool commands = false;            // a cycle ran some since they were last looked for
    };

    static void log_fault(const char* what, const Error& error);

    void work();
    std::chrono::seconds pause() const;
    void take_orders();
    void pull();
    void answered(ports::PortalView view);
    void failed(const Error& error);
    std::shared_ptr<const Rules> made(const State& state) const;
    void tell(const Loop::Shown& shown);
    void send_flags(const Outgoing& out);
    void tell_figures(const ReportInput& telling);
    void tell_commands(const ReportInput& telling);
    // False: the journal did not take it; the next cycle tries again.
    bool send(const Outgoing& out, std::map<std::string, std::string>* noted);

    const settings::PortalSettings settings_;
    Parts parts_;
    PortalOrders orders_;                         // the worker's
    std::map<std::string, std::string> usage_;    // the worker's: notes
    std::map<std::string, std::string> users_;    // the worker's: notes
    std::string split_after_;                     // the worker's: the last one of those that were
    std::map<std::string, std::string> metadata_; // the worker's: notes
    std::int64_t reported_ = -1;          // the worker's: newest command told; -1: not known
    bool commands_due_ = true;            // the worker's: some may not be told
    Instant loaded_{};                    // before the first cycle of this process
    std::optional<Instant> figures_told_; // the worker's
    std::optional<Instant> kept_at_;      // the worker's: when the answer was written last
    mutable Guarded<State> state_;
    std::mutex flag_notes_; // before state_: flags are noted in the order in which they change
    std::condition_variable changed_;
    Worker worker_;
};

} // namespace sluice::app
