// SPDX-License-Identifier: GPL-2.0-or-later
// From the file to the rules that cycles use, at the start and again on SIGHUP. A bad new file
// changes nothing.
#pragma once

#include "common/base/thread.hpp"
#include "common/settings/settings.hpp"
#include "daemon/core/config_file.hpp"
#include "daemon/core/rules.hpp"
#include "daemon/core/status.hpp"
#include "daemon/ports/rule_store.hpp"

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace sluice::core {

// malformed: no such time zone on this host. `local_cluster` is taken when the file names none.
Result<std::shared_ptr<const Rules>> make_rules(settings::Settings settings,
                                                const std::string& local_cluster, Instant now);
// The rules of each cluster that the file names, in its order; of the local one when it names none.
Result<std::vector<std::shared_ptr<const Rules>>>
make_all_rules(const settings::Settings& settings, const std::string& local_cluster, Instant now);

// Error: the file gives no account of the cluster an allocation under a policy, while accounts
// there are `enforced`. A file that is empty or cut off looks like that.
Result<void> check_not_empty(const settings::Settings& settings, const std::string& cluster,
                             const std::vector<std::string>& enforced);

// Keys that differ and that a running daemon cannot change; of the block waldur as a whole.
std::vector<std::string> fixed_keys_changed(const settings::Settings& in_force,
                                            const settings::Settings& next);

// One log line for each line of the error.
void log_refused(const std::string& file, const Error& error);

// Those that the reader of the file takes.
std::vector<model::RuleEntry> entries_of(const std::vector<ports::RuleVersion>& rules);

// Reads the file and the rules of the journal again. The main thread's, but for the calls of
// ConfigFile.
class Reloader final : public ConfigFile {
public:
    using UseRules = std::function<void(std::shared_ptr<const Rules>)>;
    // What a source beside the file makes of its rules.
    using AddSource =
        std::function<std::shared_ptr<const Rules>(const std::shared_ptr<const Rules>&)>;

    // `wake`: makes the main thread call serve().
    Reloader(settings::Settings in_force, std::string file, std::string local_cluster,
             std::function<void()> wake = {})
        : in_force_(std::move(in_force)), file_(std::move(file)),
          local_cluster_(std::move(local_cluster)), wake_(std::move(wake)) {}
    // Each cluster, in the order of the settings; before any other call. Both must outlive it.
    // `use` takes good rules; without it they go straight to the loop.
    void add(Loop& loop, DaemonStatus& status, UseRules use = {}, AddSource add_source = {});
    // Reads the file, checks it (against the cluster, too, as the last cycle saw it) and passes its
    // rules on. Error: refused; the log and DaemonInfo have the reason, the old rules stay.
    Result<void> reload(Instant now);
    // What callers of reload() and change() wait for.
    void serve(Instant now);
    // Rules beside the file; before any other call, must outlive it. Without it there are none.
    void use_store(ports::RuleStore& store) { store_ = &store; }

    Result<std::shared_ptr<const Rules>> would_be(const std::string& text,
                                                  const std::string& cluster, Instant now) override;
    Result<std::shared_ptr<const Rules>> would_be(const ports::RuleChange& change,
                                                  const std::string& cluster, Instant now) override;
    Result<std::int64_t> change(const ports::RuleChange& change,
                                const ports::Person& person) override;
    Result<std::vector<ports::RuleVersion>> entries() override;
    Result<void> reload() override;
    // What else a reload renews, also when the file is refused.
    void also(std::function<void()> more) { more_ = std::move(more); }

private:
    struct Cluster {
        Loop* loop;
        DaemonStatus* status;
        UseRules use;
        AddSource add_source;
    };
    struct Wanted {
        ports::RuleChange change;
        ports::Person person;
        std::promise<Result<std::int64_t>> answer;
    };
    // The settings with this change, and the version to be entered.
    struct Changed {
        settings::Settings settings;
        ports::RuleVersion next;
    };
    Result<settings::Settings> read() const;
    Result<Changed> with(const ports::RuleChange& change) const;
    Result<void> check_name(const ports::RuleChange& change) const;
    Result<std::int64_t> enter(const Wanted& wanted, Instant now);
    Result<std::shared_ptr<const Rules>> rules_of(settings::Settings settings,
                                                  const std::string& cluster, Instant now) const;
    Result<void> put_in_force(settings::Settings settings, Instant now,
                              const std::function<Result<void>()>& before = {});
    Result<settings::Settings> checked(Result<settings::Settings> settings) const;
    Result<void> refused(Error error);
    Result<void> load(Instant now);
    void show(const std::string& error);
    std::vector<std::string> faults(const settings::Settings& settings) const;

    settings::Settings in_force_;
    std::string file_;
    std::string local_cluster_;
    std::function<void()> wake_;
    std::vector<Cluster> clusters_;
    std::function<void()> more_ = [] {};
    ports::RuleStore* store_ = nullptr;
    Guarded<std::vector<std::promise<Result<void>>>> asked_; // by callers of reload()
    Guarded<std::vector<Wanted>> wanted_;                    // by callers of change()
};

} // namespace sluice::core
