// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/yaml/tree.hpp"

#include "common/yaml/writer.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using yaml::Place;

namespace {

std::string first_fault(std::string_view text, const yaml::Bounds& bounds = {}) {
    const auto tree = yaml::parse(text, bounds);
    if (tree.faults.empty())
        return "none";
    const auto& fault = tree.faults.front();
    return std::to_string(fault.place.line) + ":" + std::to_string(fault.place.column) + " " +
           fault.text;
}

} // namespace

CASE(every_node_and_key_knows_its_place) {
    const auto tree = yaml::parse("a: 1\nb:\n  - x\n  - {c: \"y\"}\n");
    CHECK(tree.root.has_value());
    CHECK(tree.faults.empty());
    const auto& root = *tree.root;
    CHECK_EQ(root.entries().size(), 2U);
    CHECK(root.entries()[1].key_place == (Place{2, 1}));
    const auto* b = root.find("b");
    CHECK(b != nullptr && b->is_list());
    CHECK(b->items()[0].place() == (Place{3, 5}));
    const auto* c = b->items()[1].find("c");
    CHECK(c != nullptr && c->place() == (Place{4, 9}));
    CHECK(c->quoted());
    CHECK(!b->items()[0].quoted());
}

CASE(columns_count_characters_not_bytes) {
    const auto tree = yaml::parse("{\"täh\": 1, b: 2}");
    CHECK(tree.root.has_value());
    CHECK(tree.root->entries()[1].key_place == (Place{1, 12}));
}

CASE(text_is_kept_as_written) {
    const auto tree = yaml::parse("a: 010\nb: 0.20\nc: no\n");
    CHECK_EQ(tree.root->find("a")->text(), "010");
    CHECK_EQ(tree.root->find("b")->text(), "0.20");
    CHECK_EQ(tree.root->find("c")->text(), "no");
}

CASE(only_an_unquoted_null_is_empty) {
    const auto tree = yaml::parse("a:\nb: ~\nc: null\nd: 'null'\ne: ''\n");
    CHECK(tree.root->find("a")->is_empty());
    CHECK(tree.root->find("b")->is_empty());
    CHECK(tree.root->find("c")->is_empty());
    CHECK(tree.root->find("d")->is_scalar());
    CHECK(tree.root->find("e")->is_scalar());
}

CASE(an_empty_text_is_an_empty_root) {
    CHECK(yaml::parse("").root->is_empty());
    CHECK(yaml::parse("# a comment\n").root->is_empty());
    CHECK(yaml::parse("---\n").root->is_empty());
}

CASE(duplicate_keys_are_refused_and_the_first_is_kept) {
    const auto tree = yaml::parse("a: 1\nb: 2\na: 3\n");
    CHECK_EQ(tree.faults.size(), 1U);
    CHECK_EQ(tree.faults[0].text, "duplicate key \"a\", first at line 1; keep one of them");
    CHECK(tree.faults[0].place == (Place{3, 1}));
    CHECK_EQ(tree.root->find("a")->text(), "1");
}

CASE(anchors_aliases_and_tags_are_refused) {
    const auto tree = yaml::parse("a: &x 1\nb: *x\nc: !!str 3\nd: !own [1]\n");
    CHECK(tree.root.has_value());
    CHECK_EQ(tree.faults.size(), 4U);
    CHECK_EQ(tree.faults[0].text, "anchors are not used here; write the value out");
    CHECK_EQ(tree.faults[1].text, "aliases are not used here; write the value out");
    CHECK_EQ(tree.faults[3].text,
             "tag \"!own\" is not used here; leave it out, the key decides the type");
}

CASE(a_second_document_is_refused) {
    CHECK_EQ(first_fault("a: 1\n---\nb: 2\n"),
             "2:1 a second document begins here; a file holds one");
}

CASE(bounds_hold) {
    CHECK_EQ(first_fault(std::string(40, '['), {}), "1:33 nested deeper than 32 levels");
    CHECK_EQ(first_fault("[a, b, c, d]", {.bytes = 100, .nodes = 4, .depth = 32}),
             "1:11 more than 4 values in one file; split it up");
    CHECK_EQ(first_fault("[a, b, c, d]", {.bytes = 4, .nodes = 4, .depth = 32}),
             "0:0 longer than 4 bytes; this is no configuration file");
    std::string deep;
    for (int i = 0; i < 32; ++i)
        deep += '[';
    deep += std::string(32, ']');
    CHECK_EQ(first_fault(deep), "none");
}

CASE(syntax_errors_have_a_place_and_no_tree) {
    const auto tree = yaml::parse("a: 1\n b: 2\n");
    CHECK(!tree.root.has_value());
    CHECK_EQ(first_fault("a: [1, 2\nb: 3\n"),
             "2:2 did not find expected ',' or ']' (while parsing a flow sequence that begins at "
             "line 1); check indentation, quotes and brackets here and in the line before");
    CHECK_EQ(first_fault("a:\n\tb: 1\n"),
             "2:1 found character that cannot start any token (while scanning for the next token "
             "that begins at line 2); indent with blanks, not tabs");
    CHECK(first_fault("a: \xff\xfe\n").find("must be UTF-8") != std::string::npos);
}

CASE(control_characters_and_complex_keys_are_refused) {
    CHECK_EQ(first_fault("a: \"x\\0y\"\n"),
             "1:4 a text holds \\u0000, which is not visible; leave it out");
    CHECK_EQ(first_fault("? [a]\n: 1\n"), "1:3 a key must be a word; put quotes around it");
}

namespace {

yaml::Tree resolved(std::string_view text, const yaml::Bounds& bounds = {}) {
    return yaml::parse(text, bounds, yaml::Anchors::resolved);
}

std::string refused(std::string_view text, const yaml::Bounds& bounds = {}) {
    const auto tree = resolved(text, bounds);
    return tree.faults.empty() ? "none" : tree.faults.front().text;
}

} // namespace

CASE(aliases_of_other_programs_files_stand_for_their_anchors) {
    const auto tree =
        resolved("a: &x {n: 1, l: &y [2, 3]}\nb: *x\nc: [*y, *y]\n&k k: *y\n*k : 5\n");
    // a key may be an alias too; the second k is a duplicate then
    CHECK_EQ(tree.faults.size(), 1U);
    CHECK_EQ(tree.root->find("b")->find("l")->items()[1].text(), "3");
    CHECK_EQ(tree.root->find("c")->items().size(), 2U);
    CHECK_EQ(refused("a: !!str 5\nb: &c !!map {}\n"), "none");
    CHECK(refused("a: !secret x").starts_with("tag \"!secret\""));
}

CASE(merge_keys_add_what_the_map_does_not_have) {
    const auto tree = resolved("x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\n"
                               "m: {<<: [*x, *y], a: 9}\nn: {<<: *y, <<: *x}\n");
    CHECK(tree.faults.empty());
    const auto* m = tree.root->find("m");
    CHECK_EQ(m->find("a")->text() + m->find("b")->text() + m->find("c")->text(), "924");
    CHECK_EQ(m->entries().size(), 3U);
    CHECK_EQ(tree.root->find("n")->find("b")->text(), "3");
    CHECK_EQ(refused("m: {<<: 5}"), "<< takes a map, or a list of maps");
}

CASE(aliases_cannot_make_a_file_endless) {
    CHECK_EQ(refused("a: &a [*a]"), "alias \"a\" names no anchor above it");
    CHECK_EQ(refused("a: *b\nb: &b 1"), "alias \"b\" names no anchor above it");
    std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    std::string deep = "a0: &a0 {x: 1}\n";
    for (int i = 1; i < 40; ++i) {
        const std::string now = std::to_string(i), last = std::to_string(i - 1);
        laughs += "a" + now + ": &a" + now + " [*a" + last + ", *a" + last + "]\n";
        deep += "a" + now + ": &a" + now + " {x: *a" + last + "}\n";
    }
    CHECK(refused(laughs).starts_with("more than 500000 values"));
    CHECK_EQ(refused(deep), "nested deeper than 32 levels");
}

CASE(a_byte_order_mark_is_ignored) {
    const auto tree = yaml::parse("\xef\xbb\xbf"
                                  "a: 1\nb: 2\n");
    CHECK(tree.faults.empty());
    CHECK(tree.root->entries()[0].key_place == (Place{1, 1}));
    CHECK_EQ(tree.root->find("b")->text(), "2");
}

CASE(a_source_is_part_of_every_place) {
    const auto tree = yaml::parse("a: {b: 1}\nc: [2, &x 3]\n", {}, yaml::Anchors::refused, 4);
    CHECK_EQ(tree.root->place().source, 4U);
    CHECK_EQ(tree.root->entries()[1].key_place.source, 4U);
    CHECK_EQ(tree.root->find("c")->items()[1].place().source, 4U);
    CHECK_EQ(tree.faults.at(0).place.source, 4U);
    CHECK((Place{9, 9}) < (Place{1, 1, 1}));
}

CASE(a_written_tree_reads_the_same) {
    const char* text = "a: 1\n'b c': \"x: \\\"y\\\" \\\\\"\nlist: [1, {k: v}, []]\nmap: {}\n"
                       "block: |\n  one\n  two\nempty: ~\nquoted: \"5\"\n";
    const auto tree = yaml::parse(text);
    const std::string once = yaml::written(*tree.root);
    const auto again = yaml::parse(once);
    CHECK(again.faults.empty());
    CHECK_EQ(yaml::written(*again.root), once);
    CHECK_EQ(again.root->find("b c")->text(), "x: \"y\" \\");
    CHECK_EQ(again.root->find("block")->text(), "one\ntwo\n");
    CHECK(again.root->find("quoted")->quoted());
    CHECK_EQ(again.root->find("list")->items().at(1).find("k")->text(), "v");
    CHECK(again.root->find("empty")->is_empty());
}

CASE(a_change_is_laid_over_a_map) {
    const auto base = yaml::parse("a: 1\nb: {c: 2}\nd: 3\n");
    const auto change = yaml::parse("b: 4\nd:\ne: [5]\n");
    CHECK_EQ(yaml::merged(*base.root, *change.root), "a: 1\nb: 4\ne:\n  - 5\n");
    CHECK_EQ(yaml::merged(*base.root, *yaml::parse("{a: , b: , d: }").root), "{}\n");
    CHECK_EQ(yaml::indented("a:\n\n  b\n", "  "), "  a:\n\n    b\n");
}
