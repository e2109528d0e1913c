// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/yaml/writer.hpp"

#include <algorithm>

namespace sluice::yaml {
namespace {

bool is_word(const std::string& text) {
    return !text.empty() && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-' || c == '.' || c == '/';
           });
}

// The tree has visible characters only, but for line feeds and tabs.
std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else
            out += c;
    }
    return out + '"';
}

std::string scalar(const Node& node) {
    return node.quoted() || node.text().find('\n') != std::string::npos ? quoted(node.text())
                                                                        : node.text();
}

void write_value(const Node& node, const std::string& indent, std::string& out);

void write_entry(const Entry& entry, const std::string& indent, std::string& out) {
    out += is_word(entry.key) ? entry.key : quoted(entry.key);
    out += ':';
    write_value(entry.value, indent, out);
}

// Behind "key:" or "-": a value on the same line, or lines of its own.
void write_value(const Node& node, const std::string& indent, std::string& out) {
    const std::string deeper = indent + "  ";
    if (node.is_empty()) {
        out += " ~\n";
    } else if (node.is_scalar()) {
        out += ' ' + scalar(node) + '\n';
    } else if (node.is_list()) {
        out += node.items().empty() ? " []\n" : "\n";
        for (const auto& item : node.items()) {
            out += deeper + '-';
            write_value(item, deeper, out);
        }
    } else {
        out += node.entries().empty() ? " {}\n" : "\n";
        for (const auto& entry : node.entries()) {
            out += deeper;
            write_entry(entry, deeper, out);
        }
    }
}

} // namespace

std::string written(const Node& map) {
    std::string out;
    for (const auto& entry : map.entries())
        write_entry(entry, "", out);
    return out.empty() ? "{}\n" : out;
}

std::string merged(const Node& base, const Node& change) {
    std::string out;
    const auto add = [&](const Entry& entry) {
        if (!entry.value.is_empty())
            write_entry(entry, "", out);
    };
    for (const auto& entry : base.entries()) {
        const auto found =
            std::find_if(change.entries().begin(), change.entries().end(),
                         [&](const auto& changed) { return changed.key == entry.key; });
        add(found == change.entries().end() ? entry : *found);
    }
    for (const auto& entry : change.entries())
        if (base.find(entry.key) == nullptr)
            add(entry);
    return out.empty() ? "{}\n" : out;
}

std::string indented(const std::string& text, const std::string& indent) {
    std::string out;
    bool begins = true;
    for (const char c : text) {
        if (begins && c != '\n')
            out += indent;
        begins = c == '\n';
        out += c;
    }
    return out;
}

} // namespace sluice::yaml
