// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/table.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <utility>

namespace sluice::cli {
namespace {

constexpr int kMaxWidth = 1000;
constexpr std::size_t kMinWidth = 6; // of a column without a named width
constexpr std::size_t kMinCut = 8;   // no column is cut to less to fit the terminal
constexpr const char* kUncoloured = "\033[0m";

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

// The code before a standing, "" for normal and what is none.
const char* colour_of(std::string_view standing) {
    if (standing == "paused" || standing == "error")
        return "\033[31m"; // red
    if (standing == "downscaled" || standing == "held")
        return "\033[35m"; // magenta
    if (standing == "warned")
        return "\033[33m";                                     // yellow
    return standing.starts_with("would be ") ? "\033[2m" : ""; // faint
}

// Digits behind the point and the point, 0 for a whole number; nullopt: no number.
std::optional<std::size_t> decimals(std::string_view text) {
    if (text.starts_with('-'))
        text.remove_prefix(1);
    const auto point = text.find('.');
    const auto whole = text.substr(0, point);
    const auto rest = point == std::string_view::npos ? "" : text.substr(point + 1);
    constexpr std::string_view kDigits = "0123456789";
    if (whole.empty() || whole.find_first_not_of(kDigits) != std::string_view::npos ||
        rest.find_first_not_of(kDigits) != std::string_view::npos)
        return std::nullopt;
    return point == std::string_view::npos ? 0 : rest.size() + 1;
}

// Blanks behind the numbers of the column, unless it also has other texts or `width` is too small.
void align_points(std::vector<std::vector<std::string>>& rows, std::size_t column,
                  std::size_t width) {
    std::size_t behind = 0;
    std::size_t before = 0;
    for (const auto& row : rows) {
        const auto& text = row[column];
        const auto places = decimals(text);
        if (!places && !text.empty() && text != "-")
            return;
        behind = std::max(behind, places.value_or(0));
        before = std::max(before, text.size() - places.value_or(0));
    }
    if (width != 0 && before + behind > width)
        return;
    for (auto& row : rows)
        if (auto& text = row[column]; !text.empty())
            text.append(behind - decimals(text).value_or(0), ' ');
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

void Table::add(json::View row, json::View parent, std::size_t level) {
    const Record record{row, parent, now_, exact(), &zone_};
    Row& cells = rows_.emplace_back();
    for (const auto& each : chosen_)
        cells.push_back((each.column == tree_ && !exact() ? std::string(2 * level, ' ') : "") +
                        printable(each.column->of(record)));
}

void Table::tree_column(std::string_view key) {
    for (auto& each : chosen_)
        if (each.column->key == key) {
            each.left = true;
            tree_ = each.column;
        }
}

Table::Widths Table::widths(const std::vector<Row>& rows) const {
    Widths out;
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        const auto& [column, named, left] = chosen_[i];
        const std::size_t most =
            style_.terminal != 0 ? static_cast<std::size_t>(column->most) : SIZE_MAX;
        std::size_t width = std::max(display_width(column->title), kMinWidth);
        for (const auto& row : rows)
            width = std::max(width, std::min(display_width(row[i]), most));
        out.push_back(named != 0 ? named : width);
    }
    if (fit_ && style_.terminal != 0)
        narrow(out);
    return out;
}

void Table::narrow(Widths& widths) const {
    const auto too_wide = [&] {
        std::size_t all = 0;
        for (const std::size_t width : widths)
            all += width == 0 ? 0 : width + 1;
        return all > style_.terminal + 1; // no blank before the first
    };
    const auto named = [&](std::string_view key) {
        const auto found = std::find_if(chosen_.begin(), chosen_.end(), [&](const Chosen& each) {
            return each.column->key == key;
        });
        return static_cast<std::size_t>(found - chosen_.begin());
    };
    for (const auto& key : split(fit_->dropped, ','))
        if (const auto i = named(key); i < widths.size() && too_wide())
            widths[i] = 0;
    const auto keys = split(fit_->shortened, ',');
    while (too_wide()) {
        std::size_t* widest = nullptr;
        for (const auto& key : keys)
            if (const auto i = named(key);
                i < widths.size() && widths[i] > kMinCut && (!widest || widths[i] > *widest))
                widest = &widths[i];
        if (widest == nullptr)
            return;
        --*widest;
    }
}

std::string Table::cell(const std::string& text, std::size_t column, std::size_t width) const {
    std::string out = aligned(text, width, chosen_[column].left);
    const auto* code = style_.colour && chosen_[column].column->coloured ? colour_of(text) : "";
    if (*code == '\0')
        return out;
    const auto begin = out.find_first_not_of(' ');
    const auto end = out.find_last_not_of(' ') + 1;
    return out.substr(0, begin) + code + out.substr(begin, end - begin) + kUncoloured +
           out.substr(end);
}

std::string Table::line(const Row& cells, const Widths& widths, bool titles) const {
    std::string out;
    bool first = true;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (!exact() && widths[i] == 0)
            continue;
        const char* before = exact() ? style_.delimiter.c_str() : " ";
        out += first ? "" : before;
        first = false;
        if (exact())
            out += without_delimiter(cells[i], style_.delimiter);
        else
            out += titles ? aligned(cells[i], widths[i], chosen_[i].left)
                          : cell(cells[i], i, widths[i]);
    }
    if (style_.separation == Separation::parsable)
        out += style_.delimiter;
    if (!exact())
        out.erase(out.find_last_not_of(' ') + 1);
    return out + '\n';
}

std::string Table::text() const {
    std::vector<Row> rows = rows_;
    if (!exact())
        for (std::size_t i = 0; i < chosen_.size(); ++i)
            align_points(rows, i, chosen_[i].width);
    const Widths wide = exact() ? Widths(chosen_.size(), 1) : widths(rows);
    std::string out;
    if (style_.header) {
        Row titles;
        Row dashes;
        for (std::size_t i = 0; i < chosen_.size(); ++i) {
            titles.emplace_back(chosen_[i].column->title);
            dashes.emplace_back(wide[i], '-');
        }
        out = line(titles, wide, true) + (exact() ? "" : line(dashes, wide, true));
    }
    for (const auto& row : rows)
        out += line(row, wide);
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
