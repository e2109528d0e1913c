// SPDX-License-Identifier: GPL-2.0-or-later
// Where sluiced is: on this host at its Unix socket, else at servers on other hosts, which the
// command line, the environment or client.conf names.
#pragma once

#include "cli/command.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

struct Route {
    std::string socket;               // used when there are no servers
    std::vector<std::string> servers; // "https://host:port", tried in this order
    std::string ca_file;              // PEM; "": the CAs that the system trusts
    std::string munge_socket;         // "": that of the munge library
    std::string hint;                 // where to name servers, when this host has no socket

    // "https://db1:6831,https://db2:6831", or the socket
    std::string label() const;
};

// In this order: --server or --socket (the last one counts), SLUICE_SERVER, SLUICE_SOCKET, the
// default socket if it exists, client.conf, the default socket. CA and munged come from client.conf
// unless --ca-file or SLUICE_CA_FILE is given.
// malformed: with the option or the line, and what to write instead.
Result<Route> find_route(const Context& context);

// URLs separated by commas. malformed: not https://HOST[:PORT], or http:// to another host, where
// everybody on the way could read the answers.
Result<std::vector<std::string>> parse_servers(std::string_view list);

// client.conf in the form of slurm.conf: Server=, CAFile=, MungeSocket=.
Result<Route> parse_client_conf(std::string_view text, const std::string& path);

} // namespace sluice::cli
