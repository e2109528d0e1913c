// SPDX-License-Identifier: GPL-2.0-or-later
// Prometheus text, format 0.0.4. Names begin with sluice_, in base units; labels are those that
// Slurm's own exporters use, so that they can be joined.
#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "daemon/http/auth/web_sessions.hpp"
#include "daemon/http/views/common.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace sluice::http {
namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

std::string label_text(const std::string& text) {
    std::string out;
    for (const char c : printable(text)) {
        if (c == '\\' || c == '"')
            out += '\\';
        out += c;
    }
    return out;
}

class MetricText {
public:
    // "": samples get no label `cluster`.
    void cluster(const std::string& name) { cluster_ = name; }
    // A family may be named again for another cluster: its samples are then written together.
    void family(const char* name, const char* type, const char* help) {
        name_ = name;
        const auto [at, fresh] = index_.try_emplace(name, texts_.size());
        if (fresh)
            texts_.push_back(std::string("# HELP ") + name + ' ' + help + "\n# TYPE " + name + ' ' +
                             type + '\n');
        text_ = at->second;
    }
    void sample(Labels labels, const std::string& value) {
        const auto same = [](const auto& label) {
            return std::string_view("cluster") == label.first;
        };
        if (!cluster_.empty() && std::none_of(labels.begin(), labels.end(), same))
            labels.emplace_back("cluster", cluster_);
        std::string& text = texts_[text_];
        text += name_;
        const char* before = "{";
        for (const auto& [key, word] : labels) {
            text += std::string(before) + key + "=\"" + label_text(word) + '"';
            before = ",";
        }
        text += (labels.empty() ? " " : "} ") + value + '\n';
    }
    void sample(const Labels& labels, std::int64_t value) { sample(labels, std::to_string(value)); }
    // A family of one sample.
    template <class Number>
    void gauge(const char* name, const char* help, const Number& value) {
        family(name, "gauge", help);
        sample({}, value);
    }
    std::string take() {
        std::string out;
        for (const auto& text : texts_)
            out += text;
        return out;
    }

private:
    std::string cluster_;
    std::string name_;
    std::map<std::string, std::size_t, std::less<>> index_; // family -> its text
    std::vector<std::string> texts_;
    std::size_t text_ = 0;
};

void put_daemon(MetricText& out, const ports::DaemonInfo& info, const ports::CycleReport* cycle) {
    out.family("sluice_build_info", "gauge", "Always 1; the label has the version of the daemon.");
    out.sample({{"version", info.version}, {"cluster", info.cluster}}, 1);
    out.gauge("sluice_start_timestamp_seconds", "When the daemon started.", epoch(info.started));
    out.gauge("sluice_evaluation_interval_seconds", "Time between two evaluations.",
              info.interval_s);
    out.gauge("sluice_config_refused", "Whether the newest settings were refused.",
              info.config_error.empty() ? 0 : 1);
    if (info.backup.at) {
        out.gauge("sluice_journal_backup_timestamp_seconds",
                  "When the newest backup of the journal was made.", epoch(*info.backup.at));
    }
    out.gauge("sluice_journal_backup_failed", "Whether the last backup of the journal failed.",
              info.backup.error.empty() ? 0 : 1);
    out.family("sluice_source_up", "gauge", "Whether a source that evaluations need answers.");
    std::set<std::string> sources{"slurmdbd", "slurmctld", "journal"};
    if (info.waldur_asked)
        sources.insert("waldur");
    const std::set<std::string> down(info.down.begin(), info.down.end());
    sources.insert(down.begin(), down.end());
    for (const auto& source : sources)
        out.sample({{"source", source}}, down.contains(source) ? 0 : 1);
    if (!info.waldur_answers.empty())
        out.family("sluice_waldur_answer_timestamp_seconds", "gauge",
                   "When Waldur was asked for the answer in use about an offering.");
    for (const auto& [offering, asked] : info.waldur_answers)
        out.sample({{"offering", offering}}, epoch(asked));
    if (cycle == nullptr)
        return;
    out.gauge("sluice_figures_timestamp_seconds", "The instant of the figures in use.",
              epoch(cycle->decision.now));
    out.gauge("sluice_last_evaluation_timestamp_seconds", "When the last evaluation began.",
              epoch(cycle->at));
    out.gauge("sluice_last_evaluation_duration_seconds", "How long the last evaluation took.",
              fixed_point(cycle->duration_ms, 3));
    out.gauge("sluice_last_evaluation_failed", "Whether the last evaluation failed.",
              cycle->error.empty() ? 0 : 1);
    out.gauge("sluice_clock_trusted",
              "Whether the clock of the daemon's host is trusted, so that periods may begin.",
              cycle->clock.trusted() ? 1 : 0);
    out.family("sluice_clock_offset_seconds", "gauge",
               "How far the clock of the daemon's host is ahead of a source of time.");
    for (const auto& reading : cycle->clock.compared)
        if (reading.ahead_s)
            out.sample({{"source", reading.source}}, *reading.ahead_s);
    out.gauge("sluice_problems", "Problems that need an administrator.",
              static_cast<std::int64_t>(cycle->problems.size()));
    std::map<model::Fault, std::int64_t> held{{model::Fault::rules, 0}, {model::Fault::guard, 0}};
    for (const auto& account : cycle->decision.accounts)
        if (account.held())
            ++held[account.fault];
    out.family("sluice_accounts_held", "gauge",
               "Accounts whose change of rules waits for a person: rules that are gone, or new "
               "rules that the guard stopped.");
    out.sample({{"reason", "rules"}}, held[model::Fault::rules]);
    out.sample({{"reason", "guard"}}, held[model::Fault::guard]);
}

using Accounts = std::vector<const model::AccountDecision*>;

constexpr std::size_t kMaxSamples = 10'000; // about 800 kB

bool has_policy_of(const model::AccountDecision& account,
                   const std::vector<std::string>& policies) {
    return policies.empty() ||
           std::any_of(policies.begin(), policies.end(), [&](const auto& policy) {
               return std::find(account.policies.begin(), account.policies.end(), policy) !=
                      account.policies.end();
           });
}

// The accounts with samples of their own: all of them when the request says so (?accounts=all),
// else of those that `series` selects the ones that are not normal or nearest to their limit,
// within what a scrape may cost.
Accounts sampled(const Call& call, const model::AccountSeries& series,
                 const ports::CycleReport& cycle) {
    const std::string asked = call.request.argument("accounts");
    Accounts out;
    std::size_t components = 1;
    for (const auto& account : cycle.decision.accounts) {
        if (asked != "all" && !has_policy_of(account, series.policies))
            continue;
        out.push_back(&account);
        components = std::max(components, account.figures.size());
    }
    const std::size_t most = asked == "all" ? out.size()
                             : asked == "none"
                                 ? 0
                                 : std::min(series.accounts, kMaxSamples / (7 + 3 * components));
    if (out.size() <= most)
        return out;
    const auto rank = [](const model::AccountDecision* account) {
        return std::pair(model::standing(account->flags) != model::Standing::normal,
                         account->percent.value_or(INT64_MAX));
    };
    std::stable_sort(out.begin(), out.end(),
                     [&](const auto* a, const auto* b) { return rank(a) > rank(b); });
    out.resize(most);
    std::sort(out.begin(), out.end(),
              [](const auto* a, const auto* b) { return a->account < b->account; });
    return out;
}

void put_counts(MetricText& out, const ports::CycleReport& cycle, std::size_t shown) {
    std::map<std::pair<std::string, std::string>, std::int64_t> counts;
    for (const char* mode : {"enforce", "observe"})
        for (const char* standing : {"normal", "downscaled", "paused"})
            counts[{mode, standing}] = 0;
    for (const auto& account : cycle.decision.accounts)
        ++counts[{account.mode == model::Mode::enforce ? "enforce" : "observe",
                  std::string(model::name(model::standing(account.flags)))}];
    out.family("sluice_accounts", "gauge",
               "Evaluated accounts; with mode observe, the standing is not applied.");
    for (const auto& [key, count] : counts)
        out.sample({{"mode", key.first}, {"standing", key.second}}, count);
    out.gauge("sluice_accounts_with_samples",
              "Accounts with samples of their own: all of them with ?accounts=all.",
              static_cast<std::int64_t>(shown));
}

void put_figures(MetricText& out, const Accounts& accounts, const char* name, const char* help,
                 std::optional<Amount> (*value)(const model::Figure&)) {
    out.family(name, "gauge", help);
    for (const auto& account : accounts)
        for (const auto& figure : account->figures)
            if (const auto amount = value(figure))
                out.sample({{"account", account->account}, {"component", figure.component.name}},
                           std::to_string(*amount));
}

template <class Holds>
void put_flag(MetricText& out, const Accounts& accounts, const char* name, const char* help,
              Holds holds) {
    out.family(name, "gauge", help);
    for (const auto& account : accounts) {
        const bool enforces = account->mode == model::Mode::enforce;
        out.sample({{"account", account->account}, {"mode", enforces ? "enforce" : "observe"}},
                   holds(*account) ? 1 : 0);
    }
}

// Of the next threshold that may be reached in this period.
void put_forecast(MetricText& out, const model::AccountDecision& account) {
    for (const auto& threshold : account.thresholds) {
        const auto& forecast = threshold.forecast;
        if (forecast.empty())
            continue;
        for (const auto& [quantile, at] :
             {std::pair("0.1", forecast.early), {"0.5", forecast.date}, {"0.9", forecast.late}})
            if (at)
                out.sample({{"account", account.account},
                            {"threshold", threshold.name},
                            {"quantile", quantile}},
                           epoch(*at));
        return;
    }
}

void put_accounts(MetricText& out, const Accounts& accounts) {
    put_figures(out, accounts, "sluice_account_allocation_tres_seconds",
                "Effective allocation of the period.",
                [](const model::Figure& f) { return std::optional(f.effective); });
    put_figures(out, accounts, "sluice_account_used_tres_seconds", "Used in the period.",
                [](const model::Figure& f) { return std::optional(f.used()); });
    put_figures(out, accounts, "sluice_account_committed_tres_seconds",
                "What queued jobs may use until their time limits.",
                [](const model::Figure& f) { return f.committed; });
    out.family("sluice_account_usage_ratio", "gauge",
               "The metric that is compared with the thresholds; 1 is the whole allocation.");
    for (const auto& account : accounts)
        if (account->percent)
            out.sample({{"account", account->account}}, fixed_point(*account->percent, 4));
    put_flag(out, accounts, "sluice_account_paused", "Whether submissions are refused.",
             [](const auto& account) { return account.enforced.paused; });
    put_flag(out, accounts, "sluice_account_downscaled", "Whether jobs get a slower QOS.",
             [](const auto& account) { return account.enforced.downscaled; });
    out.family("sluice_account_would_be_paused", "gauge",
               "Whether submissions would be refused if the policy enforced; observed accounts.");
    for (const auto& account : accounts)
        if (account->mode == model::Mode::observe)
            out.sample({{"account", account->account}},
                       model::would_be(*account) == "paused" ? 1 : 0);
    out.family("sluice_account_threshold_forecast_timestamp_seconds", "gauge",
               "When usage is expected to reach the next threshold, if it goes on as in the last "
               "weeks; quantile 0.5 is the expected time, 0.1 to 0.9 holds four of five.");
    for (const auto& account : accounts)
        put_forecast(out, *account);
    out.family("sluice_account_period_end_timestamp_seconds", "gauge", "When the period ends.");
    for (const auto& account : accounts)
        if (account->period.end)
            out.sample({{"account", account->account}}, epoch(*account->period.end));
}

void put_counter(MetricText& out, const ports::PluginServerStatus& plugin_server, const char* name,
                 const char* help, std::uint64_t ports::PluginCounters::*member) {
    out.family(name, "counter", help);
    for (const auto& plugin : plugin_server.plugins)
        out.sample({{"host", plugin.host}}, std::to_string(plugin.counters.*member));
}

void put_plugin_server(MetricText& out, const ports::PluginServerStatus& plugin_server) {
    using ports::PluginCounters;
    out.gauge("sluice_plugins_connected", "Connected plugins.",
              static_cast<std::int64_t>(plugin_server.plugins.size()));
    out.gauge("sluice_snapshot_sequence", "Sequence number of the newest snapshot.",
              std::to_string(plugin_server.sequence));
    put_counter(out, plugin_server, "sluice_submissions_admitted_total", "Submissions admitted.",
                &PluginCounters::admitted);
    put_counter(out, plugin_server, "sluice_submissions_warned_total",
                "Submissions admitted with a warning.", &PluginCounters::warned);
    put_counter(out, plugin_server, "sluice_submissions_refused_total", "Submissions refused.",
                &PluginCounters::refused);
    put_counter(out, plugin_server, "sluice_plugin_faults_total",
                "Faults caught inside the plugin.", &PluginCounters::faults);
    put_counter(out, plugin_server, "sluice_submissions_oversized_total",
                "Submissions with strings too long to be checked.", &PluginCounters::oversized);
    out.family("sluice_plugin_snapshot_sequence", "gauge",
               "Sequence number of the snapshot that the plugin decides by.");
    for (const auto& plugin : plugin_server.plugins)
        out.sample({{"host", plugin.host}}, std::to_string(plugin.sequence));
    out.family("sluice_plugin_seen_timestamp_seconds", "gauge",
               "When the last message of the plugin arrived.");
    for (const auto& plugin : plugin_server.plugins)
        out.sample({{"host", plugin.host}}, epoch(plugin.last_seen));
    out.family("sluice_plugin_stored_sequence", "gauge",
               "Sequence number of the newest snapshot in the plugin's file. Below "
               "sluice_snapshot_sequence for more than two minutes: the plugin cannot store it.");
    for (const auto& plugin : plugin_server.plugins)
        out.sample({{"host", plugin.host}}, std::to_string(plugin.stored));
}

// One outbox for all clusters. Without an answer of the journal there are no samples.
void put_outbox(MetricText& out, ports::Outbox& outbox) {
    out.cluster("");
    const auto counts = outbox.counts();
    if (!counts)
        return;
    out.family("sluice_outbox_messages", "gauge", "Messages that wait or that were refused.");
    for (const auto& count : *counts) {
        out.sample({{"target", count.target}, {"state", "waiting"}}, count.waiting);
        out.sample({{"target", count.target}, {"state", "parked"}}, count.parked);
    }
    out.family("sluice_outbox_oldest_timestamp_seconds", "gauge",
               "When the oldest waiting message was written.");
    for (const auto& count : *counts)
        if (count.oldest)
            out.sample({{"target", count.target}}, epoch(*count.oldest));
}

void put_sessions(MetricText& out, WebSessions& sessions) {
    out.cluster("");
    const auto counts = sessions.counts(std::chrono::steady_clock::now());
    out.gauge("sluice_web_sessions", "Open sessions of the web page.",
              static_cast<std::int64_t>(counts.open));
    out.family("sluice_web_sessions_opened_total", "counter", "Sessions opened by a link.");
    out.sample({}, std::to_string(counts.opened));
    out.family("sluice_web_logins_refused_total", "counter",
               "Refused logins by a link, a session or an authenticating proxy.");
    out.sample({}, std::to_string(counts.refused));
}

} // namespace

Response view_metrics(const Call& call) {
    if (const auto asked = call.request.argument("accounts");
        !asked.empty() && asked != "all" && asked != "none")
        return failure(400, "accounts must be all or none");
    MetricText out;
    for (const auto& service : call.services.clusters) {
        const CyclePtr cycle = service.status.last_cycle();
        const auto info = service.status.info();
        out.cluster(call.services.several() ? info.cluster : "");
        put_daemon(out, info, cycle.get());
        if (cycle != nullptr) {
            const auto accounts = sampled(call, info.account_series, *cycle);
            put_counts(out, *cycle, accounts.size());
            put_accounts(out, accounts);
        }
        put_plugin_server(out, service.status.plugin_server());
    }
    put_outbox(out, call.services.outbox);
    if (call.shared.sessions != nullptr)
        put_sessions(out, *call.shared.sessions);
    Response response{200, out.take()};
    response.type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
}

} // namespace sluice::http
