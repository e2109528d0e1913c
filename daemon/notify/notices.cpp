// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/notices.hpp"

#include "common/base/text.hpp"
#include "common/format/notice.hpp"
#include "common/json/json.hpp"
#include "daemon/notify/chat.hpp"

#include <string>
#include <utility>

namespace sluice::notify {
namespace {

using json::Value;

std::string correlation(const char* target, const model::Decision& decision,
                        const model::AccountDecision& account, const model::Notice& notice) {
    // The first of the clusters that share the allocation sends the notice, once.
    const auto& cluster = account.span.empty() ? decision.cluster : account.span.front().cluster;
    return std::string(target) + '/' + cluster + '/' + account.account + '/' +
           account.period.label + '/' + notice.level +
           (notice.detail.empty() ? "" : '@' + notice.detail);
}

ports::Message mail(const char* kind, const std::string& recipient, std::string correlation,
                    const std::string& subject, const std::string& text, Instant at) {
    Value body = Value::object();
    body.set("to", recipient)
        .set("subject", subject)
        .set("text", text)
        .set("date_epoch", epoch(at));
    return {"mail", kind, recipient, std::move(correlation), body.compact(), false};
}

Value generic_body(const model::Decision& decision, const model::AccountDecision& account,
                   const model::Notice& notice, const std::string& id) {
    const auto would_be = model::would_be(account);
    Value body = Value::object();
    body.set("event", notice.level)
        .set("id", id)
        .set("cluster", decision.cluster)
        .set("clusters", Value(format::clusters_of(decision.cluster, account)))
        .set("account", account.account)
        .set("policies", Value(account.policies))
        .set("billing_period", account.period.label)
        .set("percent", account.percent ? Value::decimal(*account.percent, 2) : Value())
        .set("grace_limit", account.grace_limit.text())
        .set("previous_standing", model::name(model::standing(account.previous_flags)))
        .set("standing", model::standing_word(account))
        .set("would_be", would_be.empty() ? Value() : Value(would_be))
        .set("cause", notice.cause)
        .set("mode", account.mode == model::Mode::enforce ? "enforce" : "observe")
        .set("qos", account.enforced_qos)
        .set("at_epoch", epoch(decision.now))
        .set("subject", notice.subject)
        .set("text", notice.text);
    return body;
}

ports::Message webhook(const model::NoticeRules& rules, const model::Decision& decision,
                       const model::AccountDecision& account, const model::Notice& notice) {
    auto id = correlation("webhook", decision, account, notice);
    const Value body = rules.webhook_format == model::WebhookFormat::generic
                           ? generic_body(decision, account, notice, id)
                           : chat_body(rules.webhook_format, notice.subject, notice.text);
    return {"webhook", notice.level, account.account, std::move(id), body.compact(), false};
}

} // namespace

std::vector<ports::Message> notice_messages(const model::NoticeRules& rules,
                                            const model::Notice& notice,
                                            const model::Decision& decision,
                                            const model::AccountDecision& account) {
    std::vector<ports::Message> messages;
    if (rules.by_mail)
        for (const auto& recipient : notice.recipients)
            messages.push_back(
                mail(notice.level.c_str(), recipient,
                     correlation("mail", decision, account, notice) + '/' + recipient,
                     notice.subject, notice.text, decision.now));
    if (rules.by_webhook)
        messages.push_back(webhook(rules, decision, account, notice));
    return messages;
}

std::vector<ports::Message> weekly_messages(const std::vector<format::WeeklySummary>& summaries,
                                            const std::string& cluster, const std::string& week,
                                            Instant at) {
    std::vector<ports::Message> messages;
    for (const auto& one : summaries)
        messages.push_back(mail("weekly", one.recipient,
                                "mail/" + cluster + "/weekly/" + week + '/' + one.recipient,
                                one.subject, one.text, at));
    return messages;
}

} // namespace sluice::notify
