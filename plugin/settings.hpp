// SPDX-License-Identifier: GPL-2.0-or-later
// sluice.conf, in the form of slurm.conf: Key=Value, keys in any case, # comments. A line with an
// error is noted and ignored: an error in this file must not stop slurmctld. Pure: text in, values
// and notes out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::plugin {

// Where the daemon listens: TCP, or a Unix socket of this host.
struct Address {
    std::string host; // of a socket: its path
    std::string port; // "": a Unix socket

    bool is_socket() const { return port.empty(); }
    friend bool operator==(const Address&, const Address&) = default;
};

struct Settings {
    std::vector<Address> daemons = {{SLUICE_RUNDIR "/plugins.sock", ""}}; // tried in this order
    std::int64_t max_age = std::int64_t{15} * 60; // seconds; used with fail_open only
    bool fail_open = false;                       // admit once the snapshot is older than max_age
    bool warn_at_submit = true;                   // show warnings of admitted jobs
    std::int64_t warn_every = 86'400; // seconds between equal warnings of a user; 0: at each job
    bool suggest_accounts = true;     // refusals name the user's other accounts
    bool refusal_code = true;         // refusals end with a part for programs
    std::vector<std::uint32_t> exempt_users;      // uids, sorted
    std::vector<std::string> exempt_accounts;     // lower case, sorted
    std::vector<std::string> exempt_qos;          // the same
    std::vector<std::string> exempt_partitions;   // the same
    std::vector<std::string> exempt_reservations; // the same
    std::optional<std::uint32_t> daemon_user;     // uid; unset: root or slurmctld's own
    std::string munge_socket;                     // "": as Slurm's AuthInfo, else munge's own
    std::string key_file;                         // "": munge; else a shared key instead
    std::string snapshot_file;                    // "": in StateSaveLocation

    // A job can be exempt by something else than its user and its account.
    bool exempts_some() const {
        return !exempt_qos.empty() || !exempt_partitions.empty() || !exempt_reservations.empty();
    }
    // The same daemons, reached in the same way: a session can continue.
    bool same_route(const Settings& other) const {
        return daemons == other.daemons && daemon_user == other.daemon_user &&
               munge_socket == other.munge_socket && key_file == other.key_file;
    }
};

struct SettingsNote {
    int line = 0;
    std::string text;
};

struct ParsedSettings {
    Settings settings;
    std::vector<SettingsNote> notes;
};

// The uid of a user name; nullopt: unknown. May wait for NSS, so never on the submit path.
using UserLookup = std::function<std::optional<std::uint32_t>(const std::string&)>;

ParsedSettings parse_settings(std::string_view text, const UserLookup& lookup);

} // namespace sluice::plugin
