// SPDX-License-Identifier: GPL-2.0-or-later
// A YAML file as an immutable tree in which every node knows its place, so that a fault can be
// named by line and column. It does not interpret text: what is a number is the reader's business.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace sluice::yaml {

// Line and column count from 1; columns count characters. {0, 0}: no place.
struct Place {
    std::size_t line = 0;
    std::size_t column = 0;
    std::size_t source = 0; // several texts that are read as one; 0: the file

    friend bool operator==(const Place&, const Place&) = default;
    friend auto operator<=>(const Place& a, const Place& b) {
        return std::tie(a.source, a.line, a.column) <=> std::tie(b.source, b.line, b.column);
    }
};

enum class Kind { empty, scalar, list, map };

struct Entry;

class Node {
public:
    Kind kind() const { return kind_; }
    Place place() const { return place_; }
    bool is_scalar() const { return kind_ == Kind::scalar; }
    bool is_list() const { return kind_ == Kind::list; }
    bool is_map() const { return kind_ == Kind::map; }
    // Nothing stands there, or `~` or `null` without quotes.
    bool is_empty() const { return kind_ == Kind::empty; }
    // scalar: its text as written, escapes resolved; else "".
    const std::string& text() const { return text_; }
    // scalar: written in quotes or as a block, so that it is text and no number or truth value.
    bool quoted() const { return quoted_; }
    const std::vector<Node>& items() const { return items_; }
    // In the order of the file; keys are unique.
    const std::vector<Entry>& entries() const { return entries_; }
    // map: the value of `key`, or nullptr. Linear in the number of entries.
    const Node* find(std::string_view key) const;

private:
    friend class Builder;
    Kind kind_ = Kind::empty;
    bool quoted_ = false;
    Place place_;
    std::string text_;
    std::vector<Node> items_;
    std::vector<Entry> entries_;
};

struct Entry {
    std::string key;
    Place key_place;
    Node value;
};

struct Fault {
    Place place;
    std::string text;
};

// root is absent when the text is no YAML or exceeds a limit. Faults with a root are things that
// YAML allows and a configuration does not: duplicate keys (the first one is kept), aliases
// (left out), anchors, tags, a second document. A caller that finds any fault must not act on the
// tree; the tree is there so that the other errors of the file can be reported together.
struct Tree {
    std::optional<Node> root;
    std::vector<Fault> faults;
};

struct Bounds {
    std::size_t bytes = std::size_t{4} << 20;
    std::size_t nodes = 500'000;
    std::size_t depth = 32;
};

// Own files write values out (anchors, aliases and tags are faults). Files of other programs may
// not: `resolved` puts in what aliases and merge keys (<<) stand for, and ignores YAML's own tags.
enum class Anchors { refused, resolved };

// `text` must be UTF-8; a byte order mark before it is ignored. Places get `source`.
Tree parse(std::string_view text, const Bounds& bounds = {}, Anchors anchors = Anchors::refused,
           std::size_t source = 0);

} // namespace sluice::yaml
