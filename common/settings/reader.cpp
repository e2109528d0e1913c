// SPDX-License-Identifier: GPL-2.0-or-later
// Order and form of the collected lines.
#include "common/settings/reader.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <unordered_set>

namespace sluice::settings {
namespace {

constexpr std::size_t kMaxLines = 100;

} // namespace

std::string located(std::string_view file, Place place, std::string_view text) {
    std::string line(file);
    if (place.line > 0)
        line += ':' + std::to_string(place.line) + ':' + std::to_string(place.column);
    line.append(": ").append(text);
    return line;
}

const std::string& Errors::name_of(std::size_t source) const {
    return source == 0 || source > sources_.size() ? file_ : sources_[source - 1];
}

std::string Errors::line(Place place) const {
    const std::string line = "line " + std::to_string(place.line);
    return place.source == 0 ? line : line + " of " + name_of(place.source);
}

std::vector<std::string> Errors::rendered(const std::vector<yaml::Fault>& faults) const {
    std::vector<const yaml::Fault*> sorted;
    sorted.reserve(faults.size());
    for (const auto& fault : faults)
        sorted.push_back(&fault);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto* a, const auto* b) { return a->place < b->place; });
    std::vector<std::string> lines;
    for (const auto* fault : sorted) {
        if (lines.size() == kMaxLines) {
            lines.push_back(
                located(file_, {},
                        "and " + std::to_string(sorted.size() - kMaxLines) + " more of this kind"));
            break;
        }
        lines.push_back(located(name_of(fault->place.source), fault->place, fault->text));
    }
    return lines;
}

Error Errors::error() const {
    return {Errc::malformed, join(lines(), "\n")};
}

// Typed reading and the words in which a wrong value is refused.
namespace {

constexpr std::size_t kMaxShown = 60;

bool looks_like_number(std::string_view text) {
    bool digit = false;
    for (const char c : text) {
        if (c >= '0' && c <= '9')
            digit = true;
        else if (c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E')
            return false;
    }
    return digit;
}

std::string range_text(const Range& range) {
    const std::string least = range.least.text();
    if (range.most.scaled() == INT64_MAX)
        return range.above_least ? "a number above " + least : "a number, " + least + " or more";
    if (range.above_least)
        return "a number above " + least + ", up to " + range.most.text();
    return "a number from " + least + " to " + range.most.text();
}

void expected(const Node& node, std::string_view what, std::string_view type, Errors& errors) {
    std::string text(what);
    text.append(": expected ").append(type).append(", found ").append(describe(node));
    if (node.is_scalar() && node.quoted() && type != "a text")
        text += "; leave out the quotes";
    errors.add(node.place(), text);
}

// "1,000", "1 000", "1'000", "0,5"
std::string separator_hint(const Node& node) {
    std::string digits;
    if (node.is_scalar() && !node.quoted())
        for (const char c : node.text())
            if (std::string_view(", '_").find(c) == std::string_view::npos)
                digits += c;
    return !digits.empty() && digits != node.text() && Decimal::parse(digits)
               ? ", written with digits and a point only"
               : "";
}

std::string known_list(const std::vector<std::string>& known) {
    constexpr std::size_t kMaxNames = 40;
    if (known.size() <= kMaxNames)
        return join(known, ", ");
    return join({known.data(), kMaxNames}, ", ") + " ...";
}

} // namespace

std::string shown(std::string_view text) {
    std::size_t length = std::min(text.size(), kMaxShown);
    // Not in the middle of a character.
    while (length < text.size() && length > 0 &&
           (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U)
        --length;
    return '"' + printable(text.substr(0, length)) + (length < text.size() ? "...\"" : "\"");
}

std::string describe(const Node& node) {
    switch (node.kind()) {
    case yaml::Kind::scalar:
        return (node.quoted() ? "the text " : "") + shown(node.text());
    case yaml::Kind::list:
        return "a list";
    case yaml::Kind::map:
        return "a map";
    case yaml::Kind::empty:
        break;
    }
    return "nothing";
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
    constexpr std::size_t kMaxCompared = 1000; // else a file of wrong names costs its square
    const std::string near = known.size() > kMaxCompared ? "" : nearest(word, known);
    if (!near.empty())
        return "; did you mean \"" + near + "\"?";
    return known.empty() ? "" : "; known: " + known_list(known);
}

std::string thousands_hint(const yaml::Entry& entry) {
    const bool digits =
        entry.key.size() == 3 && std::all_of(entry.key.begin(), entry.key.end(),
                                             [](char c) { return c >= '0' && c <= '9'; });
    return digits && entry.value.is_empty()
               ? "a comma ends a value within {}: write 1000, not 1,000"
               : "";
}

std::optional<bool> as_bool(const Node& node, std::string_view what, Errors& errors) {
    if (node.is_scalar() && !node.quoted()) {
        const std::string word = lower(node.text());
        if (word == "true" || word == "yes" || word == "on")
            return true;
        if (word == "false" || word == "no" || word == "off")
            return false;
    }
    expected(node, what, "true or false", errors);
    return std::nullopt;
}

std::optional<Decimal> as_number(const Node& node, std::string_view what, const Range& range,
                                 Errors& errors) {
    const auto value =
        node.is_scalar() && !node.quoted() ? Decimal::parse(node.text()) : std::optional<Decimal>{};
    if (!value && node.is_scalar() && !node.quoted() && looks_like_number(node.text())) {
        errors.add(node.place(), std::string(what) + ": " + shown(node.text()) +
                                     " has more than nine digits after the point or is too large");
        return std::nullopt;
    }
    if (!value) {
        expected(node, what, range_text(range) + separator_hint(node), errors);
        return std::nullopt;
    }
    if (*value < range.least || *value > range.most ||
        (range.above_least && *value == range.least)) {
        errors.add(node.place(), std::string(what) + ": " + value->text() +
                                     " is out of range; give " + range_text(range));
        return std::nullopt;
    }
    return value;
}

std::optional<std::int64_t> as_integer(const Node& node, std::string_view what, std::int64_t least,
                                       std::int64_t most, Errors& errors) {
    const std::string type =
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    const auto value =
        node.is_scalar() && !node.quoted() ? Decimal::parse(node.text()) : std::optional<Decimal>{};
    if (!value || value->scaled() % Decimal::kScale != 0) {
        expected(node, what, type + separator_hint(node), errors);
        return std::nullopt;
    }
    const std::int64_t whole = value->scaled() / Decimal::kScale;
    if (whole < least || whole > most) {
        errors.add(node.place(),
                   std::string(what) + ": " + value->text() + " is out of range; give " + type);
        return std::nullopt;
    }
    return whole;
}

std::optional<std::string> as_text(const Node& node, std::string_view what, Errors& errors) {
    if (!node.is_scalar()) {
        expected(node, what, "a text", errors);
        return std::nullopt;
    }
    return node.text();
}

bool expect_map(const Node& node, std::string_view what, Errors& errors) {
    if (!node.is_map())
        expected(node, what, "a map (key: value)", errors);
    return node.is_map();
}

std::vector<Word> as_words(const Node& node, std::string_view what, Errors& errors) {
    std::vector<Word> words;
    std::unordered_set<std::string> known;
    const auto add = [&](std::string text, Place place) {
        if (!known.insert(text).second)
            errors.add(place, std::string(what) + ": " + shown(text) + " is listed twice");
        else
            words.push_back({std::move(text), place});
    };
    if (node.is_scalar()) {
        auto parts = split(node.text(), ',');
        if (parts.empty() && !trim(node.text()).empty()) // as no list at all, it could mean all
            errors.add(node.place(), std::string(what) + ": " + shown(node.text()) +
                                         " names nothing; give a name");
        for (auto& part : parts)
            add(std::move(part), node.place());
    } else if (node.is_list()) {
        for (const auto& item : node.items()) {
            if (item.is_scalar() && !trim(item.text()).empty())
                add(std::string(trim(item.text())), item.place());
            else
                expected(item, what, "a name", errors);
        }
    } else {
        expected(node, what, "a list of names", errors);
    }
    return words;
}

MapReader::MapReader(const Node& node, std::string_view what, Errors& errors)
    : node_(node), errors_(errors) {
    if (what.find(' ') == std::string_view::npos)
        prefix_ = std::string(what) + '.';
    expect_map(node, what, errors);
}

const Node* MapReader::take(std::string_view key) {
    known_.emplace_back(key);
    const Node* node = node_.find(key);
    if (node != nullptr && node->is_empty()) {
        errors_.add(key_place(key),
                    "key " + shown(label(key)) + " has no value; give one or leave the key out");
        return nullptr;
    }
    return node;
}

Place MapReader::key_place(std::string_view key) const {
    for (const auto& entry : node_.entries())
        if (entry.key == key)
            return entry.key_place;
    return node_.place();
}

void MapReader::read(std::string_view key, bool& out) {
    if (const Node* node = take(key))
        out = as_bool(*node, label(key), errors_).value_or(out);
}

void MapReader::read(std::string_view key, std::string& out) {
    if (const Node* node = take(key))
        out = as_text(*node, label(key), errors_).value_or(out);
}

void MapReader::read(std::string_view key, Decimal& out, const Range& range) {
    if (const Node* node = take(key))
        out = as_number(*node, label(key), range, errors_).value_or(out);
}

void MapReader::read(std::string_view key, std::int64_t& out, std::int64_t least,
                     std::int64_t most) {
    if (const Node* node = take(key))
        out = as_integer(*node, label(key), least, most, errors_).value_or(out);
}

void MapReader::read(std::string_view key, std::vector<std::string>& out) {
    const Node* node = take(key);
    if (node == nullptr)
        return;
    out.clear();
    for (auto& word : as_words(*node, label(key), errors_))
        out.push_back(std::move(word.text));
}

void MapReader::refuse_choice(std::string_view key, const Node& node,
                              const std::vector<std::string>& words) {
    if (!node.is_scalar()) {
        expected(node, label(key), "one of " + join(words, ", "), errors_);
        return;
    }
    const std::string near = nearest(node.text(), words);
    errors_.add(node.place(), label(key) + ": unknown value " + shown(node.text()) +
                                  (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                                  "; known: " + known_list(words));
}

void MapReader::finish() {
    for (const auto& entry : node_.entries()) {
        if (std::find(known_.begin(), known_.end(), entry.key) != known_.end())
            continue;
        const std::string thousands = thousands_hint(entry);
        errors_.add(entry.key_place, !thousands.empty() ? thousands
                                                        : "unknown key " + shown(entry.key) +
                                                              suggestion(entry.key, known_));
    }
}

} // namespace sluice::settings
