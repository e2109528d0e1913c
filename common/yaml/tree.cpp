// SPDX-License-Identifier: GPL-2.0-or-later
// libyaml's event stream made into nodes. Recursion is bounded by Bounds::depth, memory by
// Bounds::nodes; nothing here reads a file.
#include "common/yaml/tree.hpp"

#include "common/base/printable.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <yaml.h>

namespace sluice::yaml {
namespace {

Place place_of(const yaml_mark_t& mark) {
    return {mark.line + 1, mark.column + 1};
}

class Event {
public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { yaml_event_delete(&raw_); }
    yaml_event_t* raw() { return &raw_; }
    const yaml_event_t* operator->() const { return &raw_; }

private:
    yaml_event_t raw_{}; // type YAML_NO_EVENT: deleting it is harmless
};

class Parser {
public:
    explicit Parser(std::string_view text)
        : text_(text), good_(yaml_parser_initialize(&raw_) != 0) {
        if (!good_)
            return;
        yaml_parser_set_encoding(&raw_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&raw_, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size());
    }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;
    ~Parser() {
        if (good_)
            yaml_parser_delete(&raw_);
    }
    bool next(Event& event) { return good_ && yaml_parser_parse(&raw_, event.raw()) != 0; }
    Fault fault() const;

private:
    Place place_at(std::size_t offset) const;
    std::string_view text_;
    yaml_parser_t raw_{};
    bool good_ = false;
};

Place Parser::place_at(std::size_t offset) const {
    Place place{1, 1};
    for (const char c : text_.substr(0, offset)) {
        if (c == '\n')
            place = {place.line + 1, 1};
        else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U)
            ++place.column;
    }
    return place;
}

Fault Parser::fault() const {
    if (!good_ || raw_.error == YAML_MEMORY_ERROR)
        return {{}, "out of memory"};
    const std::string problem = raw_.problem != nullptr ? raw_.problem : "not YAML";
    if (raw_.error == YAML_READER_ERROR)
        return {place_at(raw_.problem_offset), problem + "; the file must be UTF-8 text"};
    Fault fault{place_of(raw_.problem_mark), problem};
    if (raw_.context != nullptr)
        fault.text += std::string(" (") + raw_.context + " that begins at line " +
                      std::to_string(raw_.context_mark.line + 1) + ")";
    const std::size_t at = raw_.problem_mark.index;
    if (problem.find("cannot start any token") != std::string::npos &&
        text_.find('\t') != std::string_view::npos && at < text_.size())
        fault.text += "; indent with blanks, not tabs";
    else
        fault.text += "; check indentation, quotes and brackets here and in the line before";
    return fault;
}

bool is_null_word(std::string_view text) {
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

} // namespace

class Builder {
public:
    Builder(std::string_view text, const Bounds& bounds, Anchors anchors)
        : parser_(text), bounds_(bounds), resolved_(anchors == Anchors::resolved) {}
    Tree run();
    static void stamp(Node& node, std::size_t source);

private:
    // Each returns false when the tree cannot be completed; the fault is noted then.
    bool next(Event& event);
    bool document(Node& root);
    bool build(const Event& event, Node& node, std::size_t depth);
    bool build_list(Node& node, std::size_t depth);
    bool build_map(Node& node, std::size_t depth);
    bool build_entry(const Event& key, Node& node, std::size_t depth);
    void scalar(const Event& event, Node& node);
    bool fatal(Place place, std::string text);
    void refuse_decoration(Place place, const yaml_char_t* anchor, const yaml_char_t* tag);
    // Anchors::resolved: what `*name` stands for, counted as if it were written out.
    bool copy(const yaml_char_t* name, Node& node, std::size_t depth);
    bool keep(const yaml_char_t* anchor, const Node& node);

    // What an anchor names, how many values that is and how deep it is nested.
    struct Anchored {
        Node node;
        std::size_t nodes = 1;
        std::size_t depth = 0;
    };
    static void measure(const Node& node, std::size_t depth, Anchored& out);

    using Seen = std::unordered_map<std::string, std::size_t>; // key -> line
    // Entries of `<<` maps; keys that the map itself has, or an earlier one, win.
    void merge(const Node& value, Place place, Seen& seen, Node& node);
    Parser parser_;
    Bounds bounds_;
    bool resolved_;
    std::unordered_map<std::string, Anchored> anchors_;
    Tree tree_;
    std::size_t nodes_ = 0;
};

bool Builder::fatal(Place place, std::string text) {
    tree_.faults.push_back({place, std::move(text)});
    return false;
}

bool Builder::next(Event& event) {
    if (parser_.next(event))
        return true;
    tree_.faults.push_back(parser_.fault());
    return false;
}

void Builder::refuse_decoration(Place place, const yaml_char_t* anchor, const yaml_char_t* tag) {
    if (anchor != nullptr && !resolved_)
        tree_.faults.push_back({place, "anchors are not used here; write the value out"});
    const std::string_view name =
        tag == nullptr ? "" : std::string_view(reinterpret_cast<const char*>(tag));
    if (tag != nullptr && !(resolved_ && name.starts_with("tag:yaml.org,2002:")))
        tree_.faults.push_back(
            {place, std::string("tag \"") + reinterpret_cast<const char*>(tag) +
                        "\" is not used here; leave it out, the key decides the type"});
}

void Builder::measure(const Node& node, std::size_t depth, Anchored& out) {
    ++out.nodes;
    out.depth = std::max(out.depth, depth);
    for (const auto& item : node.items_)
        measure(item, depth + 1, out);
    for (const auto& entry : node.entries_)
        measure(entry.value, depth + 1, out);
}

bool Builder::keep(const yaml_char_t* anchor, const Node& node) {
    if (anchor == nullptr || !resolved_)
        return true;
    Anchored kept;
    measure(node, 0, kept);
    nodes_ += kept.nodes;
    if (nodes_ > bounds_.nodes)
        return fatal(node.place_, "more than " + std::to_string(bounds_.nodes) +
                                      " values in one file; split it up");
    kept.node = node;
    anchors_.insert_or_assign(reinterpret_cast<const char*>(anchor), std::move(kept));
    return true;
}

bool Builder::copy(const yaml_char_t* name, Node& node, std::size_t depth) {
    const std::string anchor = reinterpret_cast<const char*>(name);
    const Place place = node.place_;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
        return fatal(place, "alias \"" + anchor + "\" names no anchor above it");
    nodes_ += found->second.nodes;
    if (nodes_ > bounds_.nodes)
        return fatal(place, "more than " + std::to_string(bounds_.nodes) +
                                " values in one file; split it up");
    if (depth + found->second.depth > bounds_.depth)
        return fatal(place, "nested deeper than " + std::to_string(bounds_.depth) + " levels");
    node = found->second.node;
    return true;
}

void Builder::merge(const Node& value, Place place, Seen& seen, Node& node) {
    if (value.is_list()) {
        for (const auto& item : value.items_)
            merge(item, place, seen, node);
    } else if (value.is_map()) {
        for (const auto& entry : value.entries_)
            if (seen.emplace(entry.key, entry.key_place.line).second)
                node.entries_.push_back(entry);
    } else {
        tree_.faults.push_back({place, "<< takes a map, or a list of maps"});
    }
}

void Builder::scalar(const Event& event, Node& node) {
    const auto& s = event->data.scalar;
    refuse_decoration(node.place_, s.anchor, s.tag);
    node.text_.assign(reinterpret_cast<const char*>(s.value), s.length);
    node.quoted_ = s.style != YAML_PLAIN_SCALAR_STYLE;
    node.kind_ = Kind::scalar;
    if (!node.quoted_ && is_null_word(node.text_)) {
        node.kind_ = Kind::empty;
        node.text_.clear();
    }
    // People read these texts in messages: nothing in them may steer a terminal or hide.
    if (const auto bad = first_unprintable(node.text_, Breaks::kept); !bad.empty())
        tree_.faults.push_back(
            {node.place_, "a text holds " + bad + ", which is not visible; leave it out"});
}

bool Builder::build(const Event& event, Node& node, std::size_t depth) {
    node.place_ = place_of(event->start_mark);
    if (++nodes_ > bounds_.nodes)
        return fatal(node.place_, "more than " + std::to_string(bounds_.nodes) +
                                      " values in one file; split it up");
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        if (resolved_)
            return copy(event->data.alias.anchor, node, depth);
        tree_.faults.push_back({node.place_, "aliases are not used here; write the value out"});
        return true;
    case YAML_SCALAR_EVENT:
        scalar(event, node);
        return keep(event->data.scalar.anchor, node);
    case YAML_SEQUENCE_START_EVENT:
        refuse_decoration(node.place_, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
        return build_list(node, depth + 1) && keep(event->data.sequence_start.anchor, node);
    case YAML_MAPPING_START_EVENT:
        refuse_decoration(node.place_, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
        return build_map(node, depth + 1) && keep(event->data.mapping_start.anchor, node);
    default:
        return fatal(node.place_, "not a value");
    }
}

bool Builder::build_list(Node& node, std::size_t depth) {
    node.kind_ = Kind::list;
    if (depth > bounds_.depth)
        return fatal(node.place_,
                     "nested deeper than " + std::to_string(bounds_.depth) + " levels");
    while (true) {
        Event event;
        if (!next(event))
            return false;
        if (event->type == YAML_SEQUENCE_END_EVENT)
            return true;
        Node item;
        if (!build(event, item, depth))
            return false;
        if (resolved_ || event->type != YAML_ALIAS_EVENT)
            node.items_.push_back(std::move(item));
    }
}

bool Builder::build_map(Node& node, std::size_t depth) {
    node.kind_ = Kind::map;
    if (depth > bounds_.depth)
        return fatal(node.place_,
                     "nested deeper than " + std::to_string(bounds_.depth) + " levels");
    Seen seen;
    std::vector<Entry> merged;
    while (true) {
        Event key;
        if (!next(key))
            return false;
        if (key->type == YAML_MAPPING_END_EVENT)
            break;
        const std::size_t before = node.entries_.size();
        if (!build_entry(key, node, depth))
            return false;
        if (node.entries_.size() == before)
            continue;
        const Entry& entry = node.entries_.back();
        if (resolved_ && entry.key == "<<") {
            merged.push_back(std::move(node.entries_.back()));
            node.entries_.pop_back();
            continue;
        }
        const auto [first, is_new] = seen.emplace(entry.key, entry.key_place.line);
        if (is_new)
            continue;
        tree_.faults.push_back(
            {entry.key_place, "duplicate key \"" + entry.key + "\", first at line " +
                                  std::to_string(first->second) + "; keep one of them"});
        node.entries_.pop_back();
    }
    for (const auto& entry : merged)
        merge(entry.value, entry.key_place, seen, node);
    return true;
}

// Appends the entry unless its key is unusable; reads on behind the value in any case.
bool Builder::build_entry(const Event& key, Node& node, std::size_t depth) {
    Node name;
    if (!build(key, name, depth))
        return false;
    Event event;
    Node value;
    if (!next(event) || !build(event, value, depth))
        return false;
    if (event->type == YAML_ALIAS_EVENT && !resolved_)
        return true;
    if (name.is_scalar())
        node.entries_.push_back({std::move(name.text_), name.place_, std::move(value)});
    else if (key->type != YAML_ALIAS_EVENT)
        tree_.faults.push_back({name.place_, "a key must be a word; put quotes around it"});
    return true;
}

bool Builder::document(Node& root) {
    Event start;
    Event first;
    if (!next(start)) // stream start
        return false;
    if (!next(first))
        return false;
    if (first->type == YAML_STREAM_END_EVENT) {
        root.place_ = {1, 1};
        return true;
    }
    Event content;
    Event end;
    Event after;
    if (!next(content) || !build(content, root, 0) || !next(end) || !next(after))
        return false;
    if (after->type != YAML_STREAM_END_EVENT)
        tree_.faults.push_back(
            {place_of(after->start_mark), "a second document begins here; a file holds one"});
    return true;
}

Tree Builder::run() {
    Node root;
    if (document(root))
        tree_.root = std::move(root);
    return std::move(tree_);
}

void Builder::stamp(Node& node, std::size_t source) {
    node.place_.source = source;
    for (auto& item : node.items_)
        stamp(item, source);
    for (auto& entry : node.entries_) {
        entry.key_place.source = source;
        stamp(entry.value, source);
    }
}

const Node* Node::find(std::string_view key) const {
    for (const auto& entry : entries_)
        if (entry.key == key)
            return &entry.value;
    return nullptr;
}

Tree parse(std::string_view text, const Bounds& bounds, Anchors anchors, std::size_t source) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf"; // some editors write one
    if (text.starts_with(kByteOrderMark))
        text.remove_prefix(kByteOrderMark.size());
    if (text.size() > bounds.bytes) {
        Tree tree;
        tree.faults.push_back({{0, 0, source},
                               "longer than " + std::to_string(bounds.bytes) +
                                   " bytes; this is no configuration file"});
        return tree;
    }
    Tree tree = Builder(text, bounds, anchors).run();
    if (source == 0)
        return tree;
    if (tree.root)
        Builder::stamp(*tree.root, source);
    for (auto& fault : tree.faults)
        fault.place.source = source;
    return tree;
}

} // namespace sluice::yaml
