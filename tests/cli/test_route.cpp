// SPDX-License-Identifier: GPL-2.0-or-later
// Where the command line looks for sluiced: servers, client.conf, and which of them counts.
#include "cli/route.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "tests/cli/lab.hpp"

#include <fstream>

using namespace sluice;
using namespace sluice::test;

namespace {

std::string error_of(std::string_view list) {
    const auto parsed = cli::parse_servers(list);
    return parsed ? "" : parsed.error().context;
}

std::string conf_error(std::string_view text) {
    const auto parsed = cli::parse_client_conf(text, "client.conf");
    return parsed ? "" : parsed.error().context;
}

struct Host {
    FixedClock clock;
    Lab lab; // for its directory and its socket
    std::string conf = std::string(lab.directory) + "/client.conf";

    explicit Host(std::string_view text = "") {
        if (!text.empty())
            std::ofstream(conf) << text;
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    ~Host() { ::unlink(conf.c_str()); }

    Result<cli::Route> route(const cli::Place& place, const std::string& socket = "/none") const {
        cli::Context context{clock, stdout, stderr, socket, ""};
        context.place = place;
        return cli::find_route(context);
    }
};

} // namespace

CASE(servers_are_urls_of_tls) {
    for (const char* good :
         {"https://db1", "https://db1:6831", "https://db1.example.org:6831/", "https://192.0.2.7:1",
          "https://[2001:db8::1]:6831", "http://localhost:6831", "http://127.0.0.1:6831",
          "http://[::1]:6831", "https://db1:6831, https://db2:6831"})
        CHECK_EQ(error_of(good), "");
    CHECK_EQ(cli::parse_servers("https://db1:6831/,https://db2")->at(0), "https://db1:6831");
    CHECK_EQ(cli::parse_servers("https://db1:6831/,https://db2")->at(1), "https://db2");
}

CASE(other_servers_are_refused_with_what_to_write) {
    struct Row {
        const char* text;
        const char* part;
    };
    const Row rows[] = {
        {"", "write https://HOST:PORT"},
        {"db1", "write https://HOST:PORT"},
        {"db1:6831", "write https://HOST:PORT"},
        {"ftp://db1", "write https://HOST:PORT"},
        {"https://", "without a path"},
        {"https://db1:0", "without a path"},
        {"https://db1:66000", "without a path"},
        {"https://db1:", "without a path"},
        {"https://db1:6831/api", "without a path"},
        {"https://db1?x", "without a path"},
        {"https://user:pw@db1", "without a path"},
        {"https://[::1", "without a path"},
        {"https://db 1", "without a path"},
        {"http://db1:6831", "write https://"},
        {"http://127.evil.example:6831", "write https://"},
        {"http://localhost.example:6831", "write https://"},
        {"https://db1,db2", "'db2' is not the address of a server"},
    };
    for (const auto& row : rows)
        CHECK(has(error_of(row.text), row.part));
    std::string many;
    for (int i = 0; i < 17; ++i)
        many += "https://db,";
    CHECK(has(error_of(many), "more than 16 servers"));
}

CASE(client_conf_has_the_form_of_slurm_conf) {
    const auto route =
        cli::parse_client_conf("# ours\n\n server = https://db1:6831,https://db2 # x\n"
                               "CAFILE=/etc/sluice/ca.pem\nMungeSocket=/run/m",
                               "client.conf");
    CHECK(route.has_value());
    CHECK_EQ(route->servers.size(), std::size_t{2});
    CHECK_EQ(route->ca_file, "/etc/sluice/ca.pem");
    CHECK_EQ(route->munge_socket, "/run/m");
    CHECK(cli::parse_client_conf("", "client.conf").has_value());
}

CASE(a_fault_of_client_conf_has_its_line) {
    CHECK(has(conf_error("Server=https://db1\nServr=https://db2\n"),
              "client.conf:2: unknown key 'Servr'; known: Server, CAFile, MungeSocket"));
    CHECK(has(conf_error("https://db1\n"), "client.conf:1: no Key=Value; write"));
    CHECK(has(conf_error("Server=http://db1\n"), "client.conf:1: 'http://db1'"));
    CHECK(has(conf_error("\nCAFile=ca.pem\n"), "client.conf:2: CAFile=ca.pem: not the absolute"));
}

CASE(the_option_precedes_the_socket_which_precedes_client_conf) {
    const Host host("Server=https://conf:1\nCAFile=/ca.pem\n");
    const cli::Place place{false, "", "", host.conf};
    CHECK_EQ(host.route(place)->label(), "https://conf:1");
    CHECK_EQ(host.route(place)->ca_file, "/ca.pem");
    // The daemon's host.
    CHECK_EQ(host.route(place, host.lab.socket())->label(), host.lab.socket());
    CHECK_EQ(host.route({true, "", "", host.conf})->label(), "/none");
    const auto named = host.route({false, "https://a:1", "", host.conf}, host.lab.socket());
    CHECK_EQ(named->label(), "https://a:1");
    CHECK_EQ(named->ca_file, "/ca.pem");
    CHECK_EQ(host.route({false, "https://a:1", "/other.pem", host.conf})->ca_file, "/other.pem");
    CHECK_EQ(host.route({true, "https://a:1", "", host.conf})->label(), "https://a:1");
}

CASE(without_a_file_the_socket_is_tried_with_a_hint) {
    const Host host;
    const auto route = host.route({false, "", "", host.conf});
    CHECK_EQ(route->label(), "/none");
    CHECK(has(route->hint, "Server= in " + host.conf));
    CHECK_EQ(host.route({true, "", "", host.conf})->hint, "");
}

CASE(a_broken_file_is_an_error_only_where_it_counts) {
    const Host host("nonsense\n");
    CHECK(has(host.route({false, "", "", host.conf}).error().context, ":1: no Key=Value"));
    CHECK(!host.route({false, "https://a:1", "", host.conf}).has_value());
    CHECK(host.route({false, "https://a:1", "/ca.pem", host.conf}).has_value());
    CHECK(host.route({false, "", "", host.conf}, host.lab.socket()).has_value());
}

CASE(the_last_of_socket_and_server_counts) {
    Lab lab;
    const std::string socket = "--socket=" + lab.socket();
    CHECK_EQ(lab.run({"status", "--server=https://127.0.0.1:1", socket}).code, 0);
    const auto seen = lab.run({"status", socket, "--server=https://127.0.0.1:1"});
    CHECK_EQ(seen.code, 1);
    CHECK(has(seen.err, "cannot reach sluiced at https://127.0.0.1:1: Connection refused; check"));
    CHECK(has(lab.run({"status", "--server=db1"}).err, "--server: 'db1' is not the address"));
}

CASE(login_line_names_the_worst_account) {
    const auto line = [](const char* text) {
        return cli::login_line(*json::parse(
            std::string(R"({"meta": {"timezone": "UTC"}, "balances": [)") + text + "]}"));
    };
    const std::string physics =
        R"({"account": "physics", "component": "node_hours", "standing": "warned",)"
        R"("usage_percentage": 92.5, "cause": {"kind": "own"}, "resets_epoch": 1798761600})";
    const std::string chem =
        R"({"account": "chem", "component": "node_hours", "standing": "paused",)"
        R"("usage_percentage": 10, "cause": {"kind": "ancestor", "account": "bio"}})";
    const std::string good =
        R"({"account": "econ", "component": "node_hours", "standing": "normal", "cause": {}})";
    CHECK_EQ(line(good.c_str()), "");
    CHECK_EQ(line(""), "");
    CHECK_EQ(line((good + "," + physics).c_str()),
             "Sluice: account physics is warned, 92.50 % of node_hours used, resets 2027-01-01; "
             "see: sluice balance\n");
    CHECK_EQ(line((physics + "," + chem).c_str()),
             "Sluice: account chem is paused, parent bio; 1 more account also warned or worse; "
             "see: sluice balance\n");
}
