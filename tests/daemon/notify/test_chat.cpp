// SPDX-License-Identifier: GPL-2.0-or-later
// Messages to chats: what each chat takes, and texts that would be links, mentions or markup.
#include "daemon/notify/chat.hpp"
#include "tests/support/case.hpp"

#include <string>

using namespace sluice;
using model::WebhookFormat;

namespace {

const std::string kSubject = "Account <!channel> is paused";
const std::string kText = "Cause: [a](http://b) & <script>\nUsage: 1 of 1\n";

json::Value body(WebhookFormat format) {
    return *json::parse(notify::chat_body(format, kSubject, kText).compact());
}

} // namespace

CASE(slack_gets_a_text_without_mentions) {
    CHECK_EQ(body(WebhookFormat::slack)["text"].text(),
             "Account &lt;!channel&gt; is paused\nCause: [a](http://b) &amp; &lt;script&gt;\n"
             "Usage: 1 of 1\n");
}

CASE(matrix_gets_text_and_html_without_markup) {
    const auto sent = body(WebhookFormat::matrix);
    CHECK_EQ(sent["text"].text(), kSubject + '\n' + kText);
    CHECK_EQ(sent["html"].text(),
             "<strong>Account &lt;!channel&gt; is paused</strong><br>Cause: [a](http://b) &amp; "
             "&lt;script&gt;<br>Usage: 1 of 1<br>");
}

CASE(teams_gets_a_card_of_plain_text_runs) {
    const auto sent = body(WebhookFormat::teams);
    CHECK_EQ(sent["type"].text(), "message");
    const auto attachment = sent["attachments"].at(0);
    CHECK_EQ(attachment["contentType"].text(), "application/vnd.microsoft.card.adaptive");
    CHECK_EQ(attachment["content"]["type"].text(), "AdaptiveCard");
    const auto blocks = attachment["content"]["body"];
    CHECK_EQ(blocks.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK_EQ(blocks.at(i)["type"].text(), "RichTextBlock"); // a TextBlock reads Markdown
        CHECK_EQ(blocks.at(i)["inlines"].at(0)["text"].text(), i == 0 ? kSubject : kText);
    }
}

CASE(no_chat_gets_more_than_it_takes) {
    const std::string endless(100'000, '&');
    for (const auto format : {WebhookFormat::slack, WebhookFormat::matrix, WebhookFormat::teams})
        CHECK(notify::chat_body(format, endless, endless).compact().size() < 28'000);
}

CASE(controls_reach_no_chat) {
    for (const auto format : {WebhookFormat::slack, WebhookFormat::matrix, WebhookFormat::teams}) {
        const auto sent = notify::chat_body(format, "a\x1b[2J", "b\u202e").compact();
        CHECK(sent.find("\\u001b\"") == std::string::npos);
        CHECK(sent.find("\u202e") == std::string::npos);
    }
}
