// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice notify --test [FILE]`: the notices of a settings file, with sample figures. Sends
// nothing; asks no daemon and no Slurm. `--send-test ADDRESS`: the daemon delivers a mail now.
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"
#include "common/format/notice.hpp"
#include "common/json/json.hpp"
#include "common/settings/settings.hpp"

namespace sluice::cli {
namespace {

constexpr const char* kDefaultFile = SLUICE_SYSCONFDIR "/sluiced.yaml";

// 1000 units until a midnight in 30 days.
model::AccountDecision sample(const settings::Settings& settings, const Zone& zone, Instant now) {
    const auto& set = settings.policies;
    model::AccountDecision account;
    account.account = set.accounts.empty() ? "physics" : set.accounts.begin()->first;
    account.policies = {set.policies.empty() ? "policy" : set.policies.front().name};
    account.mode = model::Mode::enforce;
    account.contact = set.contact;
    account.grace_limit = Decimal::whole(120);
    account.period.label = "this-period";
    account.period.end = zone.start_of_day(zone.local(now + std::chrono::days(30)).date());
    account.until = account.period.end;
    model::Figure figure;
    figure.component = set.components.empty()
                           ? model::Component{"node_hours", "node", Decimal::whole(60)}
                           : set.components.front();
    figure.allocation = figure.effective = 1000LL * 3600;
    account.deciding = figure.component.name;
    account.figures = {figure};
    return account;
}

void set_level(const std::string& level, model::AccountDecision& account) {
    const bool restored = level == "restore";
    account.percent = level == "pause"       ? 12030
                      : level == "downscale" ? 10110
                      : restored             ? 1200
                                             : 8300;
    account.previous_flags = {restored, restored};
    account.figures.front().usage.settled =
        account.figures.front().effective * *account.percent / 10000;
    account.flags = account.enforced = {level == "pause", level == "pause" || level == "downscale"};
    account.enforced_qos = level == "pause" ? "blocked" : level == "downscale" ? "slowdown" : "";
}

std::string recipients(const settings::Settings& settings, const std::string& account) {
    const auto found = settings.notices.contacts.find(account);
    return found == settings.notices.contacts.end() ? "(no contact)" : join(found->second, ", ");
}

std::string shown(const settings::Settings& settings, const Zone& zone, const std::string& level,
                  model::AccountDecision& account) {
    set_level(level, account);
    const auto notice = format::preview_notice(settings.notices, zone, "CLUSTER", level, account);
    return "--- " + level + "\nTo: " + recipients(settings, account.account) +
           "\nSubject: " + notice.subject + "\n\n" + notice.text + '\n';
}

// Returns when a mail server has accepted the mail or refused it.
int send_test(const Parsed& parsed, const std::string& address) {
    const auto& context = parsed.context;
    if (!parsed.options.file.empty())
        return complain(context, "unexpected argument '" + parsed.options.file +
                                     "': --send-test uses the settings of the running sluiced");
    json::Value body = json::Value::object();
    body.set("to", address);
    const auto answer = client(context).post(
        "/api/v1/outbox/test", body, [&context] { note(context, "waiting for the mail server"); });
    if (!answer)
        return complain(context, answer.error());
    print(context, "The mail server accepted the test mail to " + address + ".\n");
    return kOk;
}

} // namespace

int run_notify(Parsed parsed) {
    const auto* address = parsed.options.value("send-test");
    if (parsed.options.test == (address != nullptr))
        return complain(parsed.context,
                        "notify needs either --test, which prints sample notices, or --send-test "
                        "ADDRESS, which sends a mail; see: sluice notify --help");
    if (address != nullptr)
        return send_test(parsed, *address);
    const auto& file = parsed.options.file;
    const auto settings = settings::load(file.empty() ? kDefaultFile : file);
    if (!settings)
        return complain(parsed.context, settings.error());
    const auto zone = Zone::load(settings->policies.timezone);
    if (!zone)
        return complain(parsed.context, zone.error());
    if (!settings->notices.by_mail && !settings->notices.by_webhook)
        warn(parsed.context, "`notifications` names neither mail nor webhook: no notice is sent");
    auto account = sample(*settings, *zone, parsed.context.clock.now());
    for (const char* level : {"notify", "rate", "downscale", "pause", "restore"})
        print(parsed.context, shown(*settings, *zone, level, account));
    return kOk;
}

} // namespace sluice::cli
