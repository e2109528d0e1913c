// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/notices.hpp"

#include "common/base/text.hpp"
#include "common/json/json.hpp"
#include "common/policy/notice.hpp"

namespace sluice::app {
namespace {

using json::Value;

std::string correlation(const char* target, const model::Decision& decision,
                        const model::AccountDecision& account, const std::string& level) {
    // Whichever of the clusters that share the allocation comes first tells it, and once.
    const auto& cluster = account.span.empty() ? decision.cluster : account.span.front().cluster;
    return std::string(target) + '/' + cluster + '/' + account.account + '/' +
           account.period.label + '/' + level;
}

ports::Message mail(const model::Decision& decision, const model::AccountDecision& account,
                    const model::Notice& notice, const std::string& recipient) {
    Value body = Value::object();
    body.set("to", recipient)
        .set("subject", notice.subject)
        .set("text", notice.text)
        .set("date_epoch", epoch(decision.now));
    return {"mail",
            notice.level,
            account.account + '/' + recipient,
            correlation("mail", decision, account, notice.level) + '/' + recipient,
            body.compact(),
            false};
}

ports::Message webhook(const model::Decision& decision, const model::AccountDecision& account,
                       const model::Notice& notice) {
    auto id = correlation("webhook", decision, account, notice.level);
    Value body = Value::object();
    body.set("event", notice.level)
        .set("id", id)
        .set("cluster", decision.cluster)
        .set("clusters", Value(policy::clusters_of(decision.cluster, account)))
        .set("account", account.account)
        .set("policies", Value(account.policies))
        .set("billing_period", account.period.label)
        .set("percent", account.percent ? Value::decimal(*account.percent, 2) : Value())
        .set("grace_limit", account.grace_limit.text())
        .set("previous_standing", model::name(model::standing(account.previous_flags)))
        .set("standing", model::name(model::standing(account.flags)))
        .set("mode", account.mode == model::Mode::enforce ? "enforce" : "observe")
        .set("qos", account.qos)
        .set("at_epoch", epoch(decision.now))
        .set("subject", notice.subject)
        .set("text", notice.text);
    return {"webhook", notice.level, account.account, std::move(id), body.compact(), false};
}

} // namespace

std::vector<ports::Message> notice_messages(const Rules& rules, const model::Decision& decision,
                                            const model::AccountDecision& account,
                                            const std::map<std::string, std::string>& parents) {
    std::vector<ports::Message> messages;
    if (!rules.notices.by_mail && !rules.notices.by_webhook)
        return messages;
    const auto notice =
        policy::notice(rules.set, rules.notices, rules.zone, decision, account, parents);
    if (!notice)
        return messages;
    if (rules.notices.by_mail)
        for (const auto& recipient : notice->recipients)
            messages.push_back(mail(decision, account, *notice, recipient));
    if (rules.notices.by_webhook)
        messages.push_back(webhook(decision, account, *notice));
    return messages;
}

} // namespace sluice::app
