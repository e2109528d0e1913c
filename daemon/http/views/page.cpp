// SPDX-License-Identifier: GPL-2.0-or-later
// The accounts as one page: no script, nothing from another site, every text escaped. It shows what
// the viewer may see and changes nothing.
#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/model/tres.hpp"
#include "daemon/http/views/common.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>
#include <utility>

namespace sluice::http {
namespace {

constexpr std::size_t kRows = 500;
constexpr std::size_t kProblems = 20;

constexpr const char* kHead =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
    "<meta http-equiv=\"refresh\" content=\"60\"><title>Sluice</title><style>\n"
    ":root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6878;--line:#d9dee6;--paper:#fff;"
    "--bar:#e9edf2;--good:#2f8f5b;--near:#c98a12;--slow:#d2691e;--stop:#c0392b}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e9f0;--soft:#98a4b5;--line:#333d4b;"
    "--paper:#161b22;--bar:#2a3340}}\n"
    "body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
    "margin:2rem auto;max-width:72rem;padding:0 1rem}\n"
    "h1{font-size:1.4rem;margin:0}p{margin:.3rem 0 1rem;color:var(--soft)}\n"
    ".warn{border-left:4px solid var(--near);padding:.4rem .8rem;margin:.5rem 0;"
    "background:var(--bar);color:var(--ink)}\n"
    "table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:600;"
    "color:var(--soft);border-bottom:2px solid var(--line)}\n"
    "th,td{padding:.45rem .6rem;vertical-align:middle}td{border-bottom:1px solid var(--line)}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    ".bar{position:relative;background:var(--bar);border-radius:4px;height:1rem;min-width:9rem;"
    "overflow:hidden}.bar i{display:block;height:100%}\n"
    ".bar b{position:absolute;top:0;bottom:0;width:2px;background:var(--ink);opacity:.45}\n"
    ".tag{border-radius:1rem;padding:.1rem .6rem;color:#fff;font-size:.85rem;white-space:nowrap}"
    ".good{background:var(--good)}.near{background:var(--near)}"
    ".slow{background:var(--slow)}.stop{background:var(--stop)}\n"
    "@media(max-width:52rem){body{margin:1rem auto}thead{display:none}"
    "tr{display:grid;grid-template:\"a s\" \"b b\" \"n u\" \"c r\"/1fr auto;gap:.25rem .8rem;"
    "padding:.7rem 0;border-bottom:1px solid var(--line)}td{border:0;padding:0}"
    ".n{text-align:left}td:nth-child(1){grid-area:a}td:nth-child(2){grid-area:c}"
    "td:nth-child(3){grid-area:b}td:nth-child(4){grid-area:n}td:nth-child(5){grid-area:u}"
    "td:nth-child(6){grid-area:s}td:nth-child(7){display:none}td:nth-child(8){grid-area:r}"
    "td:nth-child(5),td:nth-child(6),td:nth-child(8){justify-self:end}"
    "td:nth-child(8)::before{content:\"resets \"}}\n"
    "small{color:var(--soft)}a{color:inherit}footer{margin-top:1.5rem;color:var(--soft)}\n"
    "</style></head><body>\n";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : printable(text)) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

std::string two_digits(Amount amount, const model::Component& component) {
    const auto millionths = model::unit_millionths(amount, component);
    return millionths ? fixed_point(*millionths / 10'000, 2) : "?";
}

struct Look {
    const char* css;
    const char* word;
};

Look look(const model::AccountDecision& account) {
    if (account.flags.paused)
        return {"stop", "paused"};
    if (account.flags.downscaled)
        return {"slow", "downscaled"};
    return account.notify_reached ? Look{"near", "normal, near the limit"} : Look{"good", "normal"};
}

// The whole width is the grace limit; the mark is 100 %.
std::string bar(const model::AccountDecision& account, std::int64_t percent, const char* css) {
    const std::int64_t full =
        std::max<std::int64_t>(10'000, account.grace_limit.scaled() / (Decimal::kScale / 100));
    const std::int64_t width = std::clamp<std::int64_t>(percent * 10'000 / full, 0, 10'000);
    return "<div class=\"bar\" title=\"" + fixed_point(percent, 2) + " %\"><i class=\"" + css +
           "\" style=\"width:" + fixed_point(width, 2) +
           "%\"></i><b style=\"left:" + fixed_point(100'000'000 / full, 2) + "%\"></b></div>";
}

std::string cause(const model::AccountDecision& account) {
    switch (account.cause.kind) {
    case model::CauseKind::ancestor:
        return " by " + account.cause.account;
    case model::CauseKind::override_:
        if (account.in_force && account.in_force->foreign)
            return " in " + account.in_force->by;
        return " by override " + std::to_string(account.cause.override_id);
    case model::CauseKind::foreign:
        return " by hand";
    case model::CauseKind::own:
        break;
    }
    return "";
}

std::string row(const model::AccountDecision& account, const model::Figure& figure, bool first,
                const Zone& zone) {
    const Look seen = look(account);
    std::string out = "<tr><td>";
    if (first)
        out += "<strong>" + escaped(account.account) + "</strong><br><small>" +
               escaped(join(account.policies, ", ")) +
               (account.mode == model::Mode::observe ? ", observed only" : "") + "</small>";
    out += "</td><td>" + escaped(figure.component.name) + "</td><td>" +
           bar(account, figure.percent.value_or(0), seen.css) + "</td><td class=\"n\">" +
           (figure.percent ? fixed_point(*figure.percent, 2) + " %" : "no allocation") +
           "</td><td class=\"n\">" + two_digits(figure.used(), figure.component) + " / " +
           two_digits(figure.effective, figure.component) + "</td><td>";
    if (first)
        out += std::string("<span class=\"tag ") + seen.css + "\">" + seen.word +
               escaped(cause(account)) + "</span>";
    return out + "</td><td>" + escaped(account.period.label) + "</td><td>" +
           (account.period.end ? local_text(zone, *account.period.end).substr(0, 10)
                               : std::string("-")) +
           "</td></tr>\n";
}

std::string notices(const Call& call, const ports::DaemonInfo& info,
                    const ports::CycleReport* cycle) {
    std::string out;
    const auto warn = [&](const std::string& text) {
        out += "<div class=\"warn\">" + escaped(text) + "</div>\n";
    };
    const bool staff = call.request.viewer.sees_all();
    if (const auto running = call.status.under_way())
        warn("An evaluation has been running since " + local_text(info.zone, running->since) +
             "; the standings below are those of the evaluation before.");
    for (const auto& warning : warnings(info, cycle, call.status.plugin_server(), staff))
        warn(warning.description);
    if (!staff)
        return out;
    std::vector<model::Problem> problems = info.problems;
    if (cycle != nullptr) {
        problems.insert(problems.end(), cycle->problems.begin(), cycle->problems.end());
        for (const auto& account : cycle->decision.accounts)
            if (!account.error.empty() && !account.held()) // problems already
                problems.push_back({account.account, account.error, ""});
    }
    for (std::size_t i = 0; i < std::min(kProblems, problems.size()); ++i) {
        const auto& [account, what, remedy] = problems[i];
        warn((account.empty() ? "" : account + ": ") + what +
             (remedy.empty() ? "" : "; remedy: " + remedy));
    }
    if (problems.size() > kProblems)
        warn(std::to_string(problems.size() - kProblems) + " more problems: run sluice status");
    return out;
}

std::string table(const ports::CycleReport& cycle, const Visible& visible, const Zone& zone) {
    std::vector<const model::AccountDecision*> shown;
    for (const auto& account : cycle.decision.accounts)
        if (visible.sees(account.account))
            shown.push_back(&account);
    const auto weight = [](const model::AccountDecision* a) {
        const int rank = a->flags.paused ? 2 : a->flags.downscaled ? 1 : 0;
        return std::pair(rank, a->percent.value_or(0));
    };
    std::stable_sort(shown.begin(), shown.end(),
                     [&](const auto* a, const auto* b) { return weight(a) > weight(b); });
    std::string out = "<table><thead><tr><th>Account</th><th>Component</th><th>Usage</th>"
                      "<th class=\"n\">%</th><th class=\"n\">Used / allocated</th><th>Standing</th>"
                      "<th>Period</th><th>Resets</th></tr></thead><tbody>\n";
    for (std::size_t i = 0; i < std::min(kRows, shown.size()); ++i)
        for (const auto& figure : shown[i]->figures)
            out += row(*shown[i], figure, &figure == shown[i]->figures.data(), zone);
    out += "</tbody></table>\n";
    if (shown.size() > kRows)
        out += "<p>" + std::to_string(kRows) + " of " + std::to_string(shown.size()) +
               " accounts are shown.</p>\n";
    return out;
}

} // namespace

Response view_page(const Call& call) {
    using Names = std::vector<std::string>;
    const CyclePtr cycle = call.status.last_cycle();
    const auto info = call.status.info();
    std::string out = kHead;
    out += "<h1>Allocations on " + escaped(info.cluster) + "</h1>\n";
    for (const auto& name : call.services.several() ? call.services.names() : Names())
        if (name != info.cluster)
            out += "<p><a href=\"?cluster=" + percent_encoded(name) + "\">" + escaped(name) +
                   "</a></p>\n";
    if (cycle != nullptr)
        out += "<p>Figures of " +
               escaped(local_text(info.zone, cycle->decision.now) + ' ' + info.zone.name()) +
               ". Paused accounts come first, then the highest usage. In each bar the mark is "
               "100 % and the end is the grace limit.</p>\n";
    out += notices(call, info, cycle.get());
    if (cycle != nullptr)
        out += table(*cycle, Visible(cycle.get(), call.request.viewer), info.zone);
    out += "<footer>sluiced " + escaped(info.version) +
           " &middot; <a href=\"api/v1/status\">as JSON</a> &middot; <code>sluice explain "
           "ACCOUNT</code> shows how each figure is derived.</footer>\n</body></html>\n";
    Response response{200, std::move(out)};
    response.type = "text/html; charset=utf-8";
    response.headers.emplace_back("Content-Security-Policy",
                                  "default-src 'none'; style-src 'unsafe-inline'; "
                                  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    return response;
}

} // namespace sluice::http
