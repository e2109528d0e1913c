// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice balance --login`: at most one line, for a shell that a person has just opened. No login
// may wait for Sluice: the time is bounded by a signal, since name service, munge and TLS all may
// hang, and no error is shown.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <map>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace sluice::cli {
namespace {

// Below 50 ms from the start of the program, which takes about 10 ms for its libraries.
constexpr long kMostMicroseconds = 42'000;
constexpr long kLeastMicroseconds = 10'000;
constexpr long kMicroseconds = 1'000'000;

// SLUICE_LOGIN_TIMEOUT in milliseconds, up to 10 s.
long most_microseconds() {
    const char* text = std::getenv("SLUICE_LOGIN_TIMEOUT");
    const auto wanted = whole_number<std::uint16_t>(text != nullptr ? text : "");
    return wanted && *wanted <= 10'000 ? *wanted * 1000L : kMostMicroseconds;
}

void leave(int) {
    ::_exit(kOk);
}

void bound_time() {
    struct sigaction action {};
    action.sa_handler = leave;
    ::sigaction(SIGALRM, &action, nullptr);
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    const long left =
        std::max(most_microseconds() - used.tv_sec * kMicroseconds - used.tv_nsec / 1000,
                 kLeastMicroseconds);
    const itimerval once{{0, 0}, {left / kMicroseconds, left % kMicroseconds}};
    ::setitimer(ITIMER_REAL, &once, nullptr);
}

int severity(std::string_view standing) {
    constexpr std::string_view kOrder[] = {"warned", "downscaled", "paused"};
    for (int i = 0; i < 3; ++i)
        if (standing == kOrder[i])
            return i + 1;
    return 0;
}

// ", 92.50 % of node_hours used", ", parent bio"
std::string reason(const Record& record) {
    const std::string cause = cause_cell(record, "cause");
    if (record["cause"]["kind"].text() != "own")
        return cause.empty() ? "" : ", " + cause;
    const auto share = record["usage_percentage"];
    return share.is_number()
               ? ", " + percent(share) + " % of " + record["component"].text() + " used"
               : "";
}

} // namespace

std::string login_line(const json::Value& answer) {
    const Zone zone = zone_of(answer);
    std::map<std::string, int> accounts;
    json::View worst = answer["none"];
    std::pair<int, double> most{0, 0};
    for (const auto& balance : answer["balances"].items()) {
        const int grade = severity(balance["standing"].text());
        if (grade == 0)
            continue;
        accounts[balance["account"].text()] = grade;
        const std::pair rank{grade, balance["usage_percentage"].number()};
        if (most.first == 0 || rank > most) {
            most = rank;
            worst = balance;
        }
    }
    if (accounts.empty())
        return "";
    const Record record{worst, worst, {}, false, &zone};
    const std::string resets = day_cell(record, "resets");
    std::string out = "Sluice: account " + worst["account"].text() + " is " +
                      worst["standing"].text() + reason(record);
    if (!resets.empty())
        out += ", resets " + resets;
    if (accounts.size() > 1)
        out += "; " + counted(static_cast<std::int64_t>(accounts.size()) - 1, "more account") +
               " also warned or worse";
    return out + "; see: sluice balance\n";
}

int run_login_line(Parsed parsed) {
    bound_time();
    auto answer = client(parsed.context).get("/api/v1/balances");
    if (!answer)
        return kOk;
    for_people(parsed, *answer);
    if (const auto line = login_line(*answer); !line.empty())
        print(parsed.context, line);
    return kOk;
}

} // namespace sluice::cli
