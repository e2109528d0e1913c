// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/chat.hpp"

#include "common/base/printable.hpp"
#include "common/format/message_templates.hpp"

namespace sluice::notify {
namespace {

using json::Value;
using model::WebhookFormat;

// Slack asks for at most 4,000 characters, a Teams card has 28 kB; escapes make a text longer.
constexpr std::size_t kMaxChatSubject = 400;
constexpr std::size_t kMaxChatText = 3000;

// What &, < and > begin: in Slack mentions and links, in HTML markup.
std::string escaped(const std::string& text, const char* line_end) {
    std::string out;
    for (const char c : text)
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '\n')
            out += line_end;
        else
            out += c;
    return out;
}

// Text runs are shown as they are; a TextBlock would read Markdown in them.
Value text_run(const std::string& text, bool bold) {
    Value run = Value::object();
    run.set("type", "TextRun").set("text", text);
    if (bold)
        run.set("weight", "Bolder");
    Value runs = Value::array();
    runs.append(std::move(run));
    Value block = Value::object();
    block.set("type", "RichTextBlock").set("inlines", std::move(runs));
    return block;
}

Value teams_body(const std::string& subject, const std::string& text) {
    Value blocks = Value::array();
    blocks.append(text_run(subject, true));
    blocks.append(text_run(text, false));
    Value card = Value::object();
    card.set("type", "AdaptiveCard").set("version", "1.4").set("body", std::move(blocks));
    Value attachment = Value::object();
    attachment.set("contentType", "application/vnd.microsoft.card.adaptive")
        .set("content", std::move(card));
    Value attachments = Value::array();
    attachments.append(std::move(attachment));
    Value body = Value::object();
    body.set("type", "message").set("attachments", std::move(attachments));
    return body;
}

} // namespace

Value chat_body(WebhookFormat format, const std::string& subject, const std::string& text) {
    const auto head = format::shortened(printable(subject), kMaxChatSubject);
    const auto rest = format::shortened(printable(text, Breaks::kept), kMaxChatText);
    if (format == WebhookFormat::teams)
        return teams_body(head, rest);
    Value body = Value::object();
    if (format == WebhookFormat::slack) {
        body.set("text", escaped(head + '\n' + rest, "\n"));
        return body;
    }
    body.set("text", head + '\n' + rest)
        .set("html", "<strong>" + escaped(head, " ") + "</strong><br>" + escaped(rest, "<br>"));
    return body;
}

} // namespace sluice::notify
