// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/table.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <utility>

namespace sluice::cli {
namespace {

constexpr int kMaxWidth = 1000;
constexpr std::size_t kMinWidth = 6; // of a column without a named width

struct Character {
    std::size_t bytes = 1;
    std::size_t columns = 1;
    wchar_t code = 0; // 0: not known
};

// The character that `text` begins with. The locale of the user does not matter: Sluice prints
// UTF-8. REQUIRES: not empty
Character first_character(std::string_view text) {
    if (static_cast<unsigned char>(text.front()) < 0x80)
        return {1, 1, static_cast<wchar_t>(text.front())};
    static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    Character out{std::max<std::size_t>(character_length(text), 1)};
    if (utf8 == nullptr)
        return out;
    const locale_t before = ::uselocale(utf8);
    std::mbstate_t state{};
    if (std::mbrtowc(&out.code, text.data(), out.bytes, &state) == out.bytes)
        out.columns = static_cast<std::size_t>(std::max(::wcwidth(out.code), 0));
    ::uselocale(before);
    return out;
}

// As much as `width` columns hold, '+' in the last one when something is cut off.
std::string fitted(std::string_view text, std::size_t width) {
    if (display_width(text) <= width)
        return std::string(text);
    std::size_t bytes = 0;
    for (std::size_t columns = 0;;) {
        const auto next = first_character(text.substr(bytes));
        columns += next.columns;
        if (columns >= width)
            break;
        bytes += next.bytes;
    }
    return std::string(text.substr(0, bytes)) + '+';
}

std::string aligned(std::string_view text, std::size_t width, bool left) {
    const std::string cell = fitted(text, width);
    const std::string fill(width - display_width(cell), ' ');
    return left ? cell + fill : fill + cell;
}

// A delimiter within a cell would begin another field: its first character is written as JSON
// writes it.
std::string without_delimiter(std::string cell, const std::string& delimiter) {
    if (delimiter.empty())
        return cell;
    const auto first = first_character(delimiter);
    char escape[16];
    std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(first.code));
    const std::string_view code = escape;
    for (std::size_t at = 0; (at = cell.find(delimiter, at)) != std::string::npos;
         at += code.size())
        cell.replace(at, first.bytes, code);
    return cell;
}

} // namespace

std::string text_cell(const Record& record, const char* field) {
    const auto value = record[field];
    if (value.is_integer())
        return std::to_string(value.integer());
    return value.is_array() ? join(value.texts(), ",") : value.text();
}

std::size_t display_width(std::string_view text) {
    std::size_t out = 0;
    while (!text.empty()) {
        const auto next = first_character(text);
        out += next.columns;
        text.remove_prefix(next.bytes);
    }
    return out;
}

Result<Table::Chosen> Table::choose(std::span<const Column> columns, std::string_view word) {
    const std::size_t percent = word.find('%');
    const std::string name = lower(trim(word.substr(0, percent)));
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const Column& column) { return name == column.key; });
    if (found == columns.end()) {
        std::vector<std::string> known;
        for (const auto& column : columns)
            known.emplace_back(column.key);
        const std::string near = nearest(name, known);
        return Error{Errc::malformed, "unknown field '" + name + "' in --format" +
                                          (near.empty() ? "; --helpformat lists the fields"
                                                        : "; did you mean '" + near + "'?")};
    }
    Chosen out{&*found};
    if (percent == std::string_view::npos)
        return out;
    const int width = whole_number<int>(trim(word.substr(percent + 1))).value_or(0);
    if (width == 0 || width < -kMaxWidth || width > kMaxWidth)
        return Error{Errc::malformed, "'" + std::string(word) + "' in --format: the width is a " +
                                          "number such as %20, or %-20 for left-aligned"};
    out.left = width < 0;
    out.width = static_cast<std::size_t>(std::abs(width));
    return out;
}

Result<Table> Table::make(std::span<const Column> columns, std::string_view format,
                          const Style& style, Instant now) {
    Table out;
    out.style_ = style;
    out.now_ = now;
    for (const auto& word : split(format, ',')) {
        auto one = choose(columns, word);
        if (!one)
            return std::move(one).error();
        out.chosen_.push_back(*one);
    }
    if (out.chosen_.empty())
        return Error{Errc::malformed, "--format names no field; --helpformat lists the fields"};
    return out;
}

void Table::add(json::View row, json::View parent) {
    const Record record{row, parent, now_, exact(), &zone_};
    Row& cells = rows_.emplace_back();
    for (const auto& each : chosen_)
        cells.push_back(printable(each.column->of(record)));
}

std::string Table::line(const Row& cells, std::span<const std::size_t> widths) const {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (exact())
            out += (i == 0 ? "" : style_.delimiter) + without_delimiter(cells[i], style_.delimiter);
        else
            out += (i == 0 ? "" : " ") + aligned(cells[i], widths[i], chosen_[i].left);
    }
    if (style_.separation == Separation::parsable)
        out += style_.delimiter;
    if (!exact())
        out.erase(out.find_last_not_of(' ') + 1);
    return out + '\n';
}

std::string Table::text() const {
    Row titles;
    Row dashes;
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        const auto& [column, named, left] = chosen_[i];
        titles.emplace_back(column->title);
        std::size_t width = std::max(display_width(titles.back()), kMinWidth);
        for (const auto& row : rows_)
            width = std::max(
                width, std::min(display_width(row[i]), static_cast<std::size_t>(column->most)));
        widths.push_back(named != 0 ? named : width);
        dashes.emplace_back(widths.back(), '-');
    }
    std::string out;
    if (style_.header)
        out = line(titles, widths) + (exact() ? "" : line(dashes, widths));
    for (const auto& row : rows_)
        out += line(row, widths);
    return out;
}

std::string fields_help(std::span<const Column> columns) {
    std::size_t widest = 0;
    for (const auto& column : columns)
        widest = std::max(widest, std::string_view(column.key).size());
    std::string out;
    for (const auto& column : columns)
        out += aligned(column.key, widest + 2, true) + column.help + '\n';
    return out;
}

} // namespace sluice::cli
