// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/configuration.hpp"

#include "common/base/log.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/settings/entries.hpp"

#include <algorithm>
#include <utility>

namespace sluice::core {
namespace {

void log_notes(const settings::Settings& settings) {
    for (const auto& note : settings.notes)
        log::event(log::Level::notice, "SLUICE-0203", "settings-note", {{"note", note}});
}

constexpr std::size_t kMostNames = 5;
constexpr std::chrono::seconds kLongestReload{60};

bool grants_nothing(const settings::Settings& settings) {
    const auto& set = settings.policies;
    // Waldur has the policy and the allocations, in components of the file.
    if (settings.waldur.source == settings::WaldurSettings::Source::waldur)
        return set.components.empty();
    const auto grants = [](const auto& one) { return one.allocation && !one.allocation->empty(); };
    return set.policies.empty() ||
           (std::none_of(set.policies.begin(), set.policies.end(), grants) &&
            std::none_of(set.accounts.begin(), set.accounts.end(),
                         [&](const auto& entry) { return grants(entry.second); }));
}

std::vector<std::string> enforced_accounts(const Loop& loop) {
    std::vector<std::string> names;
    if (const auto report = loop.shown().report)
        for (const auto& account : report->decision.accounts)
            if (!account.memory.enforced_by.empty())
                names.push_back(account.account);
    return names;
}

std::string stale(const std::vector<ports::RuleVersion>& rules, const model::RuleEntry& entry,
                  std::int64_t given) {
    const std::string what = std::string(model::name(entry.kind)) + ' ' + entry.name;
    if (entry.version == 0)
        return what + " does not exist, so version " + std::to_string(given) +
               " cannot be replaced; nothing was changed";
    std::string text = what + " is at version " + std::to_string(entry.version);
    for (const auto& rule : rules)
        if (rule.entry.kind == entry.kind && rule.entry.name == entry.name)
            text += " (by " + rule.by + " at " + utc_text(rule.at) + ": " + rule.reason + ")";
    return given == 0
               ? text + "; to change it give that version"
               : text + ", not " + std::to_string(given) + "; nothing was changed, read it again";
}

} // namespace

std::vector<model::RuleEntry> entries_of(const std::vector<ports::RuleVersion>& rules) {
    std::vector<model::RuleEntry> out;
    for (const auto& rule : rules)
        out.push_back(rule.entry);
    return out;
}

Result<std::shared_ptr<const Rules>> make_rules(settings::Settings settings,
                                                const std::string& local_cluster, Instant now) {
    auto zone = Zone::load(settings.policies.timezone);
    if (!zone)
        return std::move(zone).error().in(settings.file + ": timezone");
    auto rules = std::make_shared<Rules>();
    rules->cluster = settings.daemon.cluster.empty() ? local_cluster : settings.daemon.cluster;
    rules->several = settings.daemon.clusters.size() > 1;
    rules->set = settings.policies;
    rules->notices = settings.notices;
    rules->zone = *zone;
    rules->interval = settings.daemon.interval;
    rules->confirm_timeout = settings.daemon.confirm_timeout;
    rules->commit_group = static_cast<std::size_t>(settings.daemon.commit_group);
    rules->retention = std::chrono::days{settings.daemon.retention_days};
    rules->loaded = now;
    rules->version = settings.version;
    rules->guard = settings.daemon.guard;
    rules->account_series = settings.daemon.account_series;
    rules->faults = [held = std::make_shared<const settings::Settings>(std::move(settings))](
                        const model::Structure& structure) {
        return settings::check_against(*held, structure);
    };
    return std::shared_ptr<const Rules>(std::move(rules));
}

Result<std::vector<std::shared_ptr<const Rules>>>
make_all_rules(const settings::Settings& settings, const std::string& local_cluster, Instant now) {
    auto names = settings.daemon.clusters;
    if (names.empty())
        names.push_back(local_cluster);
    std::vector<std::shared_ptr<const Rules>> all;
    for (const auto& name : names) {
        auto rules = make_rules(settings::of_cluster(settings, name), local_cluster, now);
        if (!rules)
            return std::move(rules).error();
        all.push_back(std::move(*rules));
    }
    log_notes(settings);
    return all;
}

Result<void> check_not_empty(const settings::Settings& settings, const std::string& cluster,
                             const std::vector<std::string>& enforced) {
    if (enforced.empty() || !grants_nothing(settings::of_cluster(settings, cluster)))
        return {};
    std::vector<std::string> some = enforced;
    if (some.size() > kMostNames) {
        some.resize(kMostNames);
        some.emplace_back("...");
    }
    return Error{Errc::refused,
                 settings.file + ": no account has a policy and an allocation, but " +
                     std::to_string(enforced.size()) +
                     (enforced.size() == 1 ? " account" : " accounts") + " on cluster " + cluster +
                     (enforced.size() == 1 ? " is" : " are") + " under enforcement (" +
                     join(some, ", ") +
                     "); restore the file, or set mode: observe in its policies and reload before "
                     "removing them; an account that was deleted in Slurm: sluice release "
                     "ACCOUNT --reason=TEXT"};
}

std::vector<std::string> fixed_keys_changed(const settings::Settings& in_force,
                                            const settings::Settings& next) {
    std::vector<std::string> keys;
    const auto compare = [&](const char* key, const auto& a, const auto& b) {
        if (a != b)
            keys.emplace_back(key);
    };
    compare("clusters", in_force.daemon.clusters, next.daemon.clusters);
    compare("socket", in_force.daemon.socket, next.daemon.socket);
    compare("journal", in_force.daemon.journal, next.daemon.journal);
    compare("munge_socket", in_force.daemon.munge_socket, next.daemon.munge_socket);
    compare("notifications.mail", in_force.daemon.mail, next.daemon.mail);
    compare("notifications.webhook", in_force.daemon.webhook, next.daemon.webhook);
    compare("plugin_server.enabled", in_force.daemon.plugin_server.enabled,
            next.daemon.plugin_server.enabled);
    compare("plugin_server.listen", in_force.daemon.plugin_server.listen,
            next.daemon.plugin_server.listen);
    compare("plugin_server.user", in_force.daemon.plugin_server.user,
            next.daemon.plugin_server.user);
    compare("plugin_server.munge_socket", in_force.daemon.plugin_server.munge_socket,
            next.daemon.plugin_server.munge_socket);
    compare("plugin_server.key_file", in_force.daemon.plugin_server.key_file,
            next.daemon.plugin_server.key_file);
    compare("http", in_force.daemon.http, next.daemon.http);
    compare("staff", in_force.daemon.staff, next.daemon.staff);
    compare("waldur", in_force.waldur, next.waldur);
    return keys;
}

void log_refused(const std::string& file, const Error& error) {
    for (const auto& line : split(error.context, '\n'))
        log::event(log::Level::error, "SLUICE-0201", "settings-refused",
                   {{"file", file}, {"error", line}});
}

void Reloader::add(Loop& loop, DaemonStatus& status, UseRules use, AddSource add_source) {
    if (!use)
        use = [&loop](std::shared_ptr<const Rules> rules) { loop.use(std::move(rules)); };
    if (!add_source)
        add_source = [](const auto& rules) { return rules; };
    clusters_.push_back({&loop, &status, std::move(use), std::move(add_source)});
}

std::vector<std::string> Reloader::faults(const settings::Settings& settings) const {
    std::vector<std::string> all;
    for (const auto& cluster : clusters_) {
        const auto structure = cluster.loop->shown().structure;
        if (!structure)
            continue;
        const auto own = settings::of_cluster(settings, cluster.loop->rules()->cluster);
        for (auto& fault : settings::check_against(own, *structure))
            if (std::find(all.begin(), all.end(), fault) == all.end())
                all.push_back(std::move(fault));
    }
    return all;
}

Result<settings::Settings> Reloader::checked(Result<settings::Settings> settings) const {
    if (!settings)
        return settings;
    for (const auto& cluster : clusters_)
        if (auto good = check_not_empty(*settings, cluster.loop->rules()->cluster,
                                        enforced_accounts(*cluster.loop));
            !good)
            return std::move(good).error();
    // Loops are made at the start.
    settings->daemon.cluster = in_force_.daemon.cluster;
    if (const auto found = faults(*settings); !found.empty())
        return Error{Errc::malformed, join(found, "\n")};
    return settings;
}

void Reloader::show(const std::string& error) {
    for (const auto& cluster : clusters_)
        cluster.status->set_config_error(error);
}

Result<void> Reloader::refused(Error error) {
    log_refused(file_, error);
    show(join(split(error.context, '\n'), "; ")); // shown inside sentences and cells
    return error;
}

// The file with the rules of the journal.
Result<settings::Settings> Reloader::read() const {
    if (store_ == nullptr)
        return settings::load(file_);
    const auto rules = store_->rules();
    if (!rules)
        return rules.error();
    return settings::load(file_, entries_of(*rules));
}

Result<std::vector<ports::RuleVersion>> Reloader::entries() {
    return store_ == nullptr ? std::vector<ports::RuleVersion>{} : store_->rules();
}

Result<void> Reloader::reload(Instant now) {
    more_();
    auto asked = std::exchange(*asked_.lock(), {});
    const auto done = load(now);
    for (auto& one : asked)
        one.set_value(done);
    return done;
}

void Reloader::serve(Instant now) {
    auto wanted = std::exchange(*wanted_.lock(), {});
    for (auto& one : wanted)
        one.answer.set_value(enter(one, now));
    if (!asked_.lock()->empty())
        static_cast<void>(reload(now)); // its callers have the answer
}

Result<void> Reloader::reload() {
    std::promise<Result<void>> promise;
    auto answer = promise.get_future();
    asked_.lock()->push_back(std::move(promise));
    wake_();
    if (answer.wait_for(kLongestReload) != std::future_status::ready)
        return Error{Errc::timeout, "the file is not read yet; see sluice status for the result"};
    return answer.get();
}

Result<std::int64_t> Reloader::change(const ports::RuleChange& change,
                                      const ports::Person& person) {
    std::promise<Result<std::int64_t>> promise;
    auto answer = promise.get_future();
    wanted_.lock()->push_back({change, person, std::move(promise)});
    wake_();
    if (answer.wait_for(kLongestReload) != std::future_status::ready)
        return Error{Errc::timeout, "the change is not entered yet; see sluice policy history " +
                                        change.name + " for the result"};
    return answer.get();
}

// A name is in the file or in the journal.
Result<void> Reloader::check_name(const ports::RuleChange& change) const {
    auto fault = settings::name_fault(change.name);
    if (const auto bad = first_unprintable(change.name); fault.empty() && !bad.empty())
        fault = "contains " + bad + "; give visible characters";
    const std::string what =
        change.kind == model::RuleKind::policy ? "policy name" : "account name";
    if (!fault.empty())
        return Error{Errc::malformed, what + " \"" + printable(change.name) + "\" " + fault};
    const auto file = settings::load(file_);
    if (!file)
        return file.error();
    const auto place = settings::place_in_file(*file, change.kind, change.name);
    if (place.line == 0)
        return {};
    return Error{Errc::conflict,
                 std::string(change.kind == model::RuleKind::policy ? "policy " : "account ") +
                     change.name + " is in " + file_ + " line " + std::to_string(place.line) +
                     "; change it there, then run: sluice reload"};
}

Result<Reloader::Changed> Reloader::with(const ports::RuleChange& change) const {
    if (store_ == nullptr)
        return Error{Errc::unavailable, "the daemon has no journal for policies"};
    if (in_force_.waldur.source == settings::WaldurSettings::Source::waldur)
        return Error{Errc::refused, "policies and allocations come from Waldur (waldur.source: "
                                    "waldur in " +
                                        file_ + "); change them in Waldur"};
    const auto rules = store_->rules();
    if (!rules)
        return rules.error();
    auto all = entries_of(*rules);
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& entry) {
        return entry.kind == change.kind && entry.name == change.name;
    });
    model::RuleEntry entry{change.kind, change.name, {}, 0};
    if (found != all.end())
        entry = *found;
    if (change.text || found == all.end())
        if (auto good = check_name(change); !good)
            return std::move(good).error();
    if (!change.text && found == all.end())
        return Error{Errc::not_found,
                     std::string(model::name(change.kind)) + ' ' + change.name + " does not exist"};
    if (change.version != entry.version)
        return Error{Errc::conflict, stale(*rules, entry, change.version)};
    ports::RuleVersion next{entry, !change.text, {}, {}, {}};
    if (change.text) {
        if (!change.base.empty())
            entry.text = change.base;
        auto text = settings::entry_text(entry, *change.text, change.merge);
        if (!text)
            return std::move(text).error();
        if (text->size() > ports::kMaxRuleText)
            return Error{Errc::malformed, settings::source_name(entry) + ": longer than " +
                                              std::to_string(ports::kMaxRuleText) + " bytes"};
        next.entry.text = entry.text = std::move(*text);
        if (found == all.end())
            all.push_back(entry);
        else
            *found = entry;
    } else {
        next.entry.text.clear();
        all.erase(found);
    }
    auto settings = checked(settings::load(file_, all));
    if (!settings)
        return std::move(settings).error();
    return Changed{std::move(*settings), std::move(next)};
}

Result<std::int64_t> Reloader::enter(const Wanted& wanted, Instant now) {
    auto changed = with(wanted.change);
    if (!changed)
        return std::move(changed).error();
    auto& next = changed->next;
    next.by = wanted.person.by;
    next.reason = wanted.person.reason;
    next.at = now;
    std::int64_t version = 0;
    // The journal has it before its effect.
    auto done = put_in_force(std::move(changed->settings), now, [&]() -> Result<void> {
        const auto added = store_->add(next);
        if (!added)
            return added.error();
        version = *added;
        return {};
    });
    if (!done)
        return std::move(done).error();
    log::event(log::Level::notice, "SLUICE-0433", "rule-changed",
               {{"kind", model::name(next.entry.kind)},
                {"name", next.entry.name},
                {"version", std::to_string(version)},
                {"removed", next.removed ? "yes" : "no"},
                {"by", next.by},
                {"reason", next.reason}});
    return version;
}

Result<std::shared_ptr<const Rules>>
Reloader::rules_of(settings::Settings settings, const std::string& cluster, Instant now) const {
    const auto fixed = fixed_keys_changed(in_force_, settings);
    settings.daemon.clusters = in_force_.daemon.clusters;
    auto made = make_rules(settings::of_cluster(settings, cluster), cluster, now);
    if (!made)
        return std::move(made).error();
    const auto found = std::find_if(clusters_.begin(), clusters_.end(), [&](const Cluster& one) {
        return one.loop->rules()->cluster == cluster;
    });
    auto rules =
        std::make_shared<Rules>(*(found == clusters_.end() ? *made : found->add_source(*made)));
    if (!fixed.empty())
        rules->problems.push_back(
            {"", "these keys need a restart and stay as they are at a reload: " + join(fixed, ", "),
             "systemctl restart sluiced"});
    return std::shared_ptr<const Rules>(std::move(rules));
}

Result<std::shared_ptr<const Rules>> Reloader::would_be(const std::string& text,
                                                        const std::string& cluster, Instant now) {
    const auto rules = entries();
    if (!rules)
        return rules.error();
    auto settings = checked(settings::parse(text, "the new file", entries_of(*rules)));
    if (!settings)
        return std::move(settings).error();
    return rules_of(std::move(*settings), cluster, now);
}

Result<std::shared_ptr<const Rules>> Reloader::would_be(const ports::RuleChange& change,
                                                        const std::string& cluster, Instant now) {
    auto changed = with(change);
    if (!changed)
        return std::move(changed).error();
    return rules_of(std::move(changed->settings), cluster, now);
}

// `before` runs when nothing else can fail; its error leaves the old rules.
Result<void> Reloader::put_in_force(settings::Settings settings, Instant now,
                                    const std::function<Result<void>()>& before) {
    const auto fixed = fixed_keys_changed(in_force_, settings);
    settings.daemon.clusters = in_force_.daemon.clusters;
    auto rules = make_all_rules(settings, local_cluster_, now);
    if (!rules)
        return std::move(rules).error();
    if (before)
        if (auto done = before(); !done)
            return done;
    log::event(log::Level::notice, "SLUICE-0202", "settings-loaded", {{"file", file_}});
    if (!fixed.empty())
        log::event(log::Level::warning, "SLUICE-0204", "restart-needed",
                   {{"keys", join(fixed, ", ")}});
    show("");
    for (std::size_t i = 0; i < clusters_.size() && i < rules->size(); ++i)
        clusters_[i].use(std::move((*rules)[i]));
    return {};
}

Result<void> Reloader::load(Instant now) {
    auto settings = checked(read());
    if (!settings)
        return refused(settings.error());
    if (auto done = put_in_force(std::move(*settings), now); !done)
        return refused(std::move(done).error());
    return {};
}

} // namespace sluice::core
