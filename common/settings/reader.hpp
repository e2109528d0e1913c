// SPDX-License-Identifier: GPL-2.0-or-later
// Collects every error of one file, so that a person can correct them together. Also the notes:
// things that are accepted but that the reader of the log should know.
#pragma once

#include "common/base/decimal.hpp"
#include "common/base/result.hpp"
#include "common/yaml/tree.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::settings {
using yaml::Place;

class Errors {
public:
    // `file` as the person named it begins every line. `sources`: the names of Place::source 1, 2,
    // ... that begin it instead.
    explicit Errors(std::string file, std::vector<std::string> sources = {})
        : file_(std::move(file)), sources_(std::move(sources)) {}

    // `text`: the fault and, behind a semicolon, the remedy.
    void add(Place place, std::string text) { errors_.push_back({place, std::move(text)}); }
    void note(Place place, std::string text) { notes_.push_back({place, std::move(text)}); }
    bool any() const { return !errors_.empty(); }
    const std::string& file() const { return file_; }
    // Within a sentence: "line 12", of another source "line 3 of SOURCE".
    std::string line(Place place) const;

    // `FILE:LINE:COLUMN: text`, in the order of the file, at most 100 and a count of the rest.
    std::vector<std::string> lines() const { return rendered(errors_); }
    std::vector<std::string> notes() const { return rendered(notes_); }
    // All lines in one malformed error, one a line. REQUIRES: any()
    Error error() const;

private:
    std::vector<std::string> rendered(const std::vector<yaml::Fault>& faults) const;

    const std::string& name_of(std::size_t source) const;

    std::string file_;
    std::vector<std::string> sources_;
    std::vector<yaml::Fault> errors_;
    std::vector<yaml::Fault> notes_;
};

std::string located(std::string_view file, Place place, std::string_view text);

// Reads typed values from a node tree. Every fault goes to Errors and the reading goes on with the
// value that was there before: a caller looks at Errors once, at the end.

using yaml::Node;

struct Range {
    Decimal least;
    Decimal most;
    bool above_least = false; // least itself is excluded
};

template <class T>
struct Choice {
    std::string_view word;
    T value;
};

// What stands at a node, for "expected X, found Y". Long texts are cut.
std::string describe(const Node& node);
// `"text"`, cut to a readable length, control characters shown as '?'.
std::string shown(std::string_view text);
// "; did you mean "x"?" or, when nothing is near, "; known: a, b, c".
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

// What `{a: 1,000}` is: the key "000" without a value. "": something else.
std::string thousands_hint(const yaml::Entry& entry);

// Values without a key, for lists and for maps whose keys are names.
std::optional<bool> as_bool(const Node& node, std::string_view what, Errors& errors);
std::optional<Decimal> as_number(const Node& node, std::string_view what, const Range& range,
                                 Errors& errors);
std::optional<std::int64_t> as_integer(const Node& node, std::string_view what, std::int64_t least,
                                       std::int64_t most, Errors& errors);
// Not empty.
std::optional<std::string> as_text(const Node& node, std::string_view what, Errors& errors);

// Reports a node that is no map.
bool expect_map(const Node& node, std::string_view what, Errors& errors);

// One map of the file. Keys are announced by asking for them; finish() then refuses the others.
class MapReader {
public:
    // Reports a node that is no map. `what` names it: a description ("a policy"), or the key that
    // it is the value of ("plugin_server"), which then stands before its own keys
    // ("plugin_server.user").
    MapReader(const Node& node, std::string_view what, Errors& errors);
    MapReader(const MapReader&) = delete;
    MapReader& operator=(const MapReader&) = delete;

    Errors& errors() const { return errors_; }
    Place place() const { return node_.place(); }
    // nullptr: absent. An empty value is reported and counts as absent.
    const Node* take(std::string_view key);
    // Place of the key itself; the map's own place when it is absent.
    Place key_place(std::string_view key) const;
    bool has(std::string_view key) const { return node_.find(key) != nullptr; }

    void read(std::string_view key, bool& out);
    void read(std::string_view key, std::string& out);
    void read(std::string_view key, Decimal& out, const Range& range);
    void read(std::string_view key, std::int64_t& out, std::int64_t least, std::int64_t most);
    // A list of texts, or one text with commas. Repetitions are refused.
    void read(std::string_view key, std::vector<std::string>& out);

    template <class Out, class T, std::size_t N>
    void choose(std::string_view key, Out& out, const std::array<Choice<T>, N>& choices) {
        const Node* node = take(key);
        if (node == nullptr)
            return;
        std::vector<std::string> words;
        for (const auto& choice : choices) {
            if (node->is_scalar() && node->text() == choice.word) {
                out = choice.value;
                return;
            }
            words.emplace_back(choice.word);
        }
        refuse_choice(key, *node, words);
    }

    // Reports keys that no reader has asked for, with a suggestion.
    void finish();

private:
    std::string label(std::string_view key) const { return prefix_ + std::string(key); }
    void refuse_choice(std::string_view key, const Node& node,
                       const std::vector<std::string>& words);

    const Node& node_;
    Errors& errors_;
    std::string prefix_;
    std::vector<std::string> known_;
};

// A list of texts with their places: `[a, b]`, or `a, b` in one text.
struct Word {
    std::string text;
    Place place;
};
std::vector<Word> as_words(const Node& node, std::string_view what, Errors& errors);

} // namespace sluice::settings
