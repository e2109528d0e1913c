// SPDX-License-Identifier: GPL-2.0-or-later
// Tables in the manner of sacctmgr: header, dashes, right-aligned columns, '+' at the end of a cell
// that was cut. Unlike sacctmgr a column grows with its content, unless the format names its width;
// on a terminal up to a bound. Numbers of a column stand with their points below each other. Pure:
// records in, text out.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/zone.hpp"
#include "common/json/json.hpp"

#include <optional>
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
    int most;         // width limit on a terminal without a width in --format
    const char* help; // for --helpformat
    std::string (*cell)(const Record& record, const char* field) = text_cell;
    const char* field = nullptr; // of the record, for `cell`; nullptr: the key
    bool coloured = false;       // its cells are standings

    std::string of(const Record& record) const { return cell(record, field ? field : key); }
};

enum class Separation { columns, parsable, parsable2 };

struct Style {
    bool header = true;
    Separation separation = Separation::columns;
    std::string delimiter = "|";
    std::size_t terminal = 0; // its columns; 0: no terminal, nothing is cut
    bool colour = false;      // of standings
};

// How the default columns become as narrow as the terminal: first the columns of `dropped` are left
// out, one after the other, until the rest fits; then the cells of `shortened` are cut, the widest
// column first.
struct Fit {
    const char* dropped = "";
    const char* shortened = "account";
};

class Table {
public:
    // `format`: "account,used%10,cause%-20", ignoring case. malformed: unknown field (with a
    // suggestion) or width. REQUIRES: `columns` outlives the table
    static Result<Table> make(std::span<const Column> columns, std::string_view format,
                              const Style& style, Instant now);

    // On a terminal. Without a call each column stays.
    void fit(const Fit& fit) { fit_ = fit; }
    // On the screen the column is aligned left, each cell by two blanks for each level of its row.
    void tree_column(std::string_view key);

    // Of the instants in rows that follow; UTC without.
    void in_zone(Zone zone) { zone_ = std::move(zone); }
    void add(json::View row, json::View parent = {}, std::size_t level = 0);
    bool empty() const { return rows_.empty(); }
    bool exact() const { return style_.separation != Separation::columns; }
    // Printable but for the codes of colours.
    std::string text() const;

private:
    struct Chosen {
        const Column* column = nullptr;
        std::size_t width = 0; // 0: by content
        bool left = false;
    };
    using Row = std::vector<std::string>;    // a printable cell for each chosen column
    using Widths = std::vector<std::size_t>; // of the chosen columns; 0: left out

    static Result<Chosen> choose(std::span<const Column> columns, std::string_view word);
    Widths widths(const std::vector<Row>& rows) const;
    void narrow(Widths& widths) const;
    std::string cell(const std::string& text, std::size_t column, std::size_t width) const;
    std::string line(const Row& cells, const Widths& widths, bool titles = false) const;

    std::vector<Chosen> chosen_;
    Style style_;
    Instant now_{};
    Zone zone_;
    std::vector<Row> rows_;
    std::optional<Fit> fit_;
    const Column* tree_ = nullptr;
};

// What --helpformat prints.
std::string fields_help(std::span<const Column> columns);
// Columns on a terminal: 2 for East Asian wide characters, 0 for combining ones. REQUIRES:
// printable()
std::size_t display_width(std::string_view text);

} // namespace sluice::cli
