// SPDX-License-Identifier: GPL-2.0-or-later
// Tables in the manner of sacctmgr: header, dashes, right-aligned columns, '+' at the end of a cell
// that was cut. Unlike sacctmgr a column grows with its content, up to a bound, unless the format
// names its width. Pure: records in, text out.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/zone.hpp"
#include "common/json/json.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {

// What the cells of one row are made of.
struct Record {
    json::View row;
    json::View parent; // has the fields that `row` lacks: the account of a component
    Instant now{};
    bool exact = false;         // -p, -P: figures as the daemon gave them
    const Zone* zone = nullptr; // of the policies; never nullptr in a cell

    json::View operator[](std::string_view field) const {
        const auto own = row[field];
        return own.exists() ? own : parent[field];
    }
};

// A text as it is, a number in digits, a list joined by commas; "" when absent. See figures.hpp for
// the other kinds of cells.
std::string text_cell(const Record& record, const char* field);

struct Column {
    const char* key; // for --format, in lower case
    const char* title;
    int most;         // width limit without a width in --format
    const char* help; // for --helpformat
    std::string (*cell)(const Record& record, const char* field) = text_cell;
    const char* field = nullptr; // of the record, for `cell`; nullptr: the key

    std::string of(const Record& record) const { return cell(record, field ? field : key); }
};

enum class Separation { columns, parsable, parsable2 };

struct Style {
    bool header = true;
    Separation separation = Separation::columns;
    std::string delimiter = "|";
};

class Table {
public:
    // `format`: "account,used%10,cause%-20", ignoring case. malformed: unknown field (with a
    // suggestion) or width. REQUIRES: `columns` outlives the table
    static Result<Table> make(std::span<const Column> columns, std::string_view format,
                              const Style& style, Instant now);

    // Of the instants in rows that follow; UTC without.
    void in_zone(Zone zone) { zone_ = std::move(zone); }
    void add(json::View row, json::View parent = {});
    bool empty() const { return rows_.empty(); }
    bool exact() const { return style_.separation != Separation::columns; }
    std::string text() const;

private:
    struct Chosen {
        const Column* column = nullptr;
        std::size_t width = 0; // 0: by content
        bool left = false;
    };
    using Row = std::vector<std::string>; // a printable cell for each chosen column

    static Result<Chosen> choose(std::span<const Column> columns, std::string_view word);
    std::string line(const Row& cells, std::span<const std::size_t> widths) const;

    std::vector<Chosen> chosen_;
    Style style_;
    Instant now_{};
    Zone zone_;
    std::vector<Row> rows_;
};

// What --helpformat prints.
std::string fields_help(std::span<const Column> columns);
// Columns on a terminal: 2 for East Asian wide characters, 0 for combining ones. REQUIRES:
// printable()
std::size_t display_width(std::string_view text);

} // namespace sluice::cli
