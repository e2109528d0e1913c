// SPDX-License-Identifier: GPL-2.0-or-later
// Prometheus text, format 0.0.4. Names begin with sluice_, in base units; labels are those that
// Slurm's own exporters use, so that they can be joined.
#include "common/base/printable.hpp"
#include "daemon/http/view_parts.hpp"
#include "daemon/http/watch_views.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string_view>

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

class Sheet {
public:
    // "": samples get no label `cluster`.
    void cluster(const std::string& name) { cluster_ = name; }
    // A family may come again, for another cluster: its samples then stand together.
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

// 12310 hundredths of a percent are 1.2310.
std::string ratio(std::int64_t hundredths) {
    char text[40];
    std::snprintf(text, sizeof text, "%s%lld.%04lld", hundredths < 0 ? "-" : "",
                  static_cast<long long>(hundredths < 0 ? -hundredths : hundredths) / 10000,
                  static_cast<long long>(hundredths < 0 ? -hundredths : hundredths) % 10000);
    return text;
}

std::string thousandths(std::int64_t value) {
    char text[40];
    std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(value / 1000),
                  static_cast<long long>(value % 1000));
    return text;
}

void put_daemon(Sheet& sheet, const ports::DaemonInfo& info, const ports::CycleReport* cycle) {
    sheet.family("sluice_build_info", "gauge", "Version of the daemon; always 1.");
    sheet.sample({{"version", info.version}, {"cluster", info.cluster}}, 1);
    sheet.family("sluice_leader", "gauge", "This daemon is the one that decides.");
    sheet.sample({}, 1);
    sheet.family("sluice_start_timestamp_seconds", "gauge", "When the daemon started.");
    sheet.sample({}, epoch(info.started));
    sheet.family("sluice_config_refused", "gauge", "The newest settings were refused.");
    sheet.sample({}, info.config_error.empty() ? 0 : 1);
    if (info.backup.at) {
        sheet.family("sluice_journal_backup_timestamp_seconds", "gauge",
                     "When the newest backup of the journal was made.");
        sheet.sample({}, epoch(*info.backup.at));
    }
    sheet.family("sluice_journal_backup_failed", "gauge", "The last try of a backup failed.");
    sheet.sample({}, info.backup.error.empty() ? 0 : 1);
    sheet.family("sluice_source_up", "gauge", "A source that evaluations need answers.");
    std::set<std::string> sources{"slurmdbd", "slurmctld", "journal"};
    if (info.portal_asked)
        sources.insert("waldur");
    const std::set<std::string> down(info.down.begin(), info.down.end());
    sources.insert(down.begin(), down.end());
    for (const auto& source : sources)
        sheet.sample({{"source", source}}, down.contains(source) ? 0 : 1);
    if (info.portal_asked) {
        sheet.family("sluice_waldur_answer_timestamp_seconds", "gauge",
                     "When Waldur was asked for what is used of it.");
        sheet.sample({}, epoch(*info.portal_asked));
    }
    if (cycle == nullptr)
        return;
    sheet.family("sluice_last_evaluation_timestamp_seconds", "gauge",
                 "Instant of the figures that are shown.");
    sheet.sample({}, epoch(cycle->decision.now));
    sheet.family("sluice_last_cycle_timestamp_seconds", "gauge", "When the last evaluation began.");
    sheet.sample({}, epoch(cycle->at));
    sheet.family("sluice_last_cycle_duration_seconds", "gauge",
                 "How long the last evaluation took.");
    sheet.sample({}, thousandths(cycle->duration_ms));
    sheet.family("sluice_last_cycle_failed", "gauge", "The last evaluation could not be done.");
    sheet.sample({}, cycle->error.empty() ? 0 : 1);
    sheet.family("sluice_clock_trusted", "gauge",
                 "The clock of the daemon's host is believed: periods may begin.");
    sheet.sample({}, cycle->clock.trusted() ? 1 : 0);
    sheet.family("sluice_clock_offset_seconds", "gauge",
                 "The clock of the daemon's host, ahead of a source of time.");
    for (const auto& reading : cycle->clock.compared)
        if (reading.ahead_s)
            sheet.sample({{"source", reading.source}}, *reading.ahead_s);
    sheet.family("sluice_problems", "gauge", "Problems that wait for a person.");
    sheet.sample({}, static_cast<std::int64_t>(cycle->problems.size()));
}

using Accounts = std::vector<model::AccountDecision>;

void put_figures(Sheet& sheet, const Accounts& accounts, const char* name, const char* help,
                 Amount (*value)(const model::Figure&)) {
    sheet.family(name, "gauge", help);
    for (const auto& account : accounts)
        for (const auto& figure : account.figures)
            sheet.sample({{"account", account.account}, {"component", figure.component.name}},
                         std::to_string(value(figure)));
}

void put_accounts(Sheet& sheet, const Accounts& accounts) {
    put_figures(sheet, accounts, "sluice_account_allocation_tres_seconds",
                "Effective allocation of the period.",
                [](const model::Figure& f) { return f.effective; });
    put_figures(sheet, accounts, "sluice_account_used_tres_seconds", "Used in the period.",
                [](const model::Figure& f) { return f.used(); });
    sheet.family("sluice_account_usage_ratio", "gauge",
                 "The metric that the thresholds look at; 1 is the whole allocation.");
    for (const auto& account : accounts)
        if (account.percent)
            sheet.sample({{"account", account.account}}, ratio(*account.percent));
    sheet.family("sluice_account_paused", "gauge", "Submissions are refused.");
    for (const auto& account : accounts)
        sheet.sample({{"account", account.account}}, account.flags.paused ? 1 : 0);
    sheet.family("sluice_account_downscaled", "gauge", "Jobs get a slower QOS.");
    for (const auto& account : accounts)
        sheet.sample({{"account", account.account}}, account.flags.downscaled ? 1 : 0);
    sheet.family("sluice_account_period_end_timestamp_seconds", "gauge", "When the period ends.");
    for (const auto& account : accounts)
        if (account.period.end)
            sheet.sample({{"account", account.account}}, epoch(*account.period.end));
}

void put_counter(Sheet& sheet, const ports::PluginServerStatus& plugin_server, const char* name,
                 const char* help, std::uint64_t ports::PluginCounters::*member) {
    sheet.family(name, "counter", help);
    for (const auto& plugin : plugin_server.plugins)
        sheet.sample({{"host", plugin.host}}, std::to_string(plugin.counters.*member));
}

void put_plugin_server(Sheet& sheet, const ports::PluginServerStatus& plugin_server) {
    using ports::PluginCounters;
    sheet.family("sluice_plugins_connected", "gauge", "Plugins that are connected.");
    sheet.sample({}, static_cast<std::int64_t>(plugin_server.plugins.size()));
    sheet.family("sluice_snapshot_sequence", "gauge", "Newest snapshot.");
    sheet.sample({}, std::to_string(plugin_server.sequence));
    put_counter(sheet, plugin_server, "sluice_submissions_admitted_total", "Submissions admitted.",
                &PluginCounters::admitted);
    put_counter(sheet, plugin_server, "sluice_submissions_warned_total", "Admitted with a warning.",
                &PluginCounters::warned);
    put_counter(sheet, plugin_server, "sluice_submissions_refused_total", "Submissions refused.",
                &PluginCounters::refused);
    put_counter(sheet, plugin_server, "sluice_plugin_faults_total",
                "Faults caught inside the plugin.", &PluginCounters::faults);
    put_counter(sheet, plugin_server, "sluice_submissions_oversized_total",
                "Submissions with strings too long to be checked.", &PluginCounters::oversized);
    sheet.family("sluice_plugin_stored_sequence", "gauge",
                 "Newest snapshot in the plugin's file; below sluice_snapshot_sequence for more "
                 "than two minutes: it cannot be stored.");
    for (const auto& plugin : plugin_server.plugins)
        sheet.sample({{"host", plugin.host}}, std::to_string(plugin.stored));
}

// One outbox for all clusters. Without an answer of the journal there are no samples.
void put_outbox(Sheet& sheet, ports::Outbox& outbox) {
    sheet.cluster("");
    const auto counts = outbox.counts();
    if (!counts)
        return;
    sheet.family("sluice_outbox_messages", "gauge", "Messages that wait, or that were refused.");
    for (const auto& count : *counts) {
        sheet.sample({{"target", count.target}, {"state", "waiting"}}, count.waiting);
        sheet.sample({{"target", count.target}, {"state", "parked"}}, count.parked);
    }
    sheet.family("sluice_outbox_oldest_timestamp_seconds", "gauge",
                 "When the oldest message that waits was written.");
    for (const auto& count : *counts)
        if (count.oldest)
            sheet.sample({{"target", count.target}}, epoch(*count.oldest));
}

} // namespace

Response view_metrics(const Call& call) {
    Sheet sheet;
    for (ports::Service* service : call.services.all()) {
        const CyclePtr cycle = service->last_cycle();
        const auto info = service->info();
        sheet.cluster(call.services.several() ? info.cluster : "");
        put_daemon(sheet, info, cycle.get());
        if (cycle != nullptr)
            put_accounts(sheet, cycle->decision.accounts);
        put_plugin_server(sheet, service->plugin_server());
    }
    put_outbox(sheet, call.services.first().outbox());
    Response out{200, sheet.take()};
    out.type = "text/plain; version=0.0.4; charset=utf-8";
    return out;
}

} // namespace sluice::http
