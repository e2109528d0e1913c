// SPDX-License-Identifier: GPL-2.0-or-later
// sluiced.yaml as values: what the daemon itself needs, and the policy set that decides. Reading
// checks everything that the file alone shows; what only the cluster knows (TRES, accounts,
// QOS) is checked afterwards by check_against().
#pragma once

#include "common/base/result.hpp"
#include "common/model/facts.hpp"
#include "common/model/metrics.hpp"
#include "common/model/policy.hpp"
#include "common/model/rule_entry.hpp"
#include "common/model/texts.hpp"
#include "common/settings/notify.hpp"
#include "common/settings/reader.hpp"
#include "common/settings/waldur.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::settings {

// Where the plugins of slurmctld fetch their snapshots.
struct PluginServerSettings {
    bool enabled = true;
    // host:port, [address]:port, unix:/path
    std::vector<std::string> listen = {"unix:" SLUICE_RUNDIR "/plugins.sock"};
    std::string user;         // who slurmctld runs as, name or uid; "": SlurmUser of slurm.conf
    std::string munge_socket; // "": DaemonSettings::munge_socket
    std::string key_file;     // instead of munge; "": munge
};

// Where programs of other hosts ask; the Unix socket is always there.
struct HttpSettings {
    std::vector<std::string> listen; // host:port, [address]:port; empty: not on TCP
    std::string tls_certificate;     // PEM files; both or none
    std::string tls_key;
    std::string tokens;       // hashes of tokens; "": the file `tokens` beside the journal
    std::string url;          // of the web page for browsers, ends with '/'; "": of `listen`
    std::string proxy_header; // a user's name from an authenticating proxy; "": none
    std::string proxy_secret_header;
    std::string proxy_secret_file;
    std::vector<std::string> proxy_addresses;
    std::int64_t connections = 600;             // at the same time, of each listening socket
    std::int64_t connections_per_user = 32;     // Unix socket; 8 times as many for staff
    std::int64_t connections_per_address = 256; // TCP
    std::chrono::seconds request_timeout{30};   // for a whole request to come in

    friend bool operator==(const HttpSettings&, const HttpSettings&) = default;
};

// Who may do what root may, beside root and SlurmUser.
struct StaffSettings {
    bool administrators = true; // by AdminLevel in slurmdbd
    bool operators = true;
    std::vector<std::string> users; // of the daemon's host
    std::vector<std::string> groups;

    friend bool operator==(const StaffSettings&, const StaffSettings&) = default;
};

struct DaemonSettings {
    std::string cluster; // the first of `clusters`; "": the local cluster of slurm.conf
    std::vector<std::string> clusters; // that are served; empty: the local one
    std::chrono::seconds interval{60};
    std::chrono::seconds confirm_timeout{30}; // for slurmctld to show a change
    int commit_group = 500;                   // changes that share one commit in slurmdbd, at most
    std::string socket = SLUICE_RUNDIR "/sluiced.sock";
    std::string journal = SLUICE_STATEDIR "/sluice.db";
    model::Guard guard;
    model::AccountSeries account_series;
    int retention_days = 90;  // evaluations and commands; the ledger is kept for ever
    std::string munge_socket; // "": libmunge's default
    PluginServerSettings plugin_server;
    HttpSettings http;
    StaffSettings staff;
    MailSettings mail;
    WebhookSettings webhook;
};

struct Reference {
    std::string name;
    Place place;
};

// Places of one policy, in the order of PolicySet::policies.
struct PolicyPlaces {
    Place policy;
    Place span;                      // of the key, else of the policy
    Place weights;                   // of the weights, else of the policy
    std::vector<Reference> accounts; // names it matches: accounts, subtrees, of groups too
    std::vector<Reference> qos;      // QOS names that it writes out
    std::vector<Reference> clusters; // that it names
};

// Where things stand in the file, for messages that come up later.
struct Places {
    std::map<std::string, Place> components; // by component: its key
    std::map<std::string, Place> tres;       // by component: its TRES
    std::map<std::string, Place> accounts;   // by account: its key under `accounts`
    std::vector<Reference> account_clusters; // that accounts name
    std::vector<PolicyPlaces> policies;
    std::optional<Place> waldur;            // nullopt: the file has no such key
    std::vector<Reference> waldur_policies; // that waldur.offerings names
    std::optional<Place> weekly;            // notifications.weekly_summary; nullopt: not given
};

struct Settings {
    std::string file;    // as it was named; begins every message
    std::string version; // of its text
    DaemonSettings daemon;
    WaldurSettings waldur;
    model::PolicySet policies;
    model::NoticeRules notices;
    std::vector<std::string> notes; // for the log: accepted, but worth a line; with place
    Places places;
    std::vector<std::string> sources; // what Place::source 1, 2, ... are
};

// "policy "gpu" of the journal": what errors of this entry begin with.
std::string source_name(const model::RuleEntry& entry);

// The file's text, at most 4 MiB. The error of load() and parse() carries every fault of the file,
// one a line: `FILE:LINE:COLUMN: fault; remedy`. `entries` of the journal are read as parts of the
// file, whose places are `policy "NAME" of the journal:LINE:COLUMN`; with waldur.source: waldur
// they do not count.
Result<Settings> load(const std::string& path, std::span<const model::RuleEntry> entries = {});
Result<Settings> parse(std::string_view text, const std::string& filename,
                       std::span<const model::RuleEntry> entries = {});

// The part of the file for one of its clusters: its policies, and the accounts' allocations there.
Settings of_cluster(const Settings& settings, const std::string& cluster);

// Faults of the configuration that show only on the cluster: unknown TRES, policies that meet on
// an account through the account tree and disagree, weights missing there. Empty: none.
std::vector<std::string> check_against(const Settings& settings, const model::Structure& structure);
// What the cycle goes on without: accounts and QOS that the cluster does not have, with the remedy.
// `others`: accounts of the clusters that allocations span, which need not be on this one.
std::vector<std::string> warnings_against(const Settings& settings,
                                          const model::Structure& structure,
                                          const std::set<std::string>& others = {});

} // namespace sluice::settings
