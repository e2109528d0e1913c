// SPDX-License-Identifier: GPL-2.0-or-later
// Tables in the manner of sacctmgr: header, dashes, right-aligned columns, '+' at the end of a cell
// that was cut. Unlike sacctmgr a column grows with its content, up to a bound, unless the format
// names its width. Pure: rows in, text out.
#pragma once

#include "cli/options.hpp"
#include "common/base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

struct Column {
    const char* field; // as --format names it, lower case
    const char* header;
    int most;         // widest it grows by itself
    const char* help; // for --helpformat
};

// A cell for each column of the catalogue, in its order; "" where nothing is set.
using Row = std::vector<std::string>;

struct Chosen {
    std::size_t column = 0; // index into the catalogue
    int width = 0;          // 0: by content
    bool left = false;
};

// "account,used%10,cause%-20", ignoring case. malformed: unknown field (with a suggestion) or
// width.
Result<std::vector<Chosen>> choose(std::span<const Column> catalogue, std::string_view format);

enum class Separation { columns, parsable, parsable2 };

struct Style {
    bool header = true;
    Separation separation = Separation::columns;
    std::string delimiter = "|";
};

Style style(const Options& options);
std::string render(std::span<const Column> catalogue, std::span<const Chosen> chosen,
                   std::span<const Row> rows, const Style& style);
std::string fields_help(std::span<const Column> catalogue);

// Columns on a terminal; UTF-8 sequences count as one. REQUIRES: printable()
std::size_t display_width(std::string_view text);

} // namespace sluice::cli
