// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/table.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace sluice::cli {
namespace {

constexpr int kMaxWidth = 1000;

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

// The first `width` characters, the last of them '+' when something is cut off.
std::string fitted(std::string_view text, std::size_t width) {
    if (display_width(text) <= width)
        return std::string(text);
    std::string out;
    std::size_t seen = 0;
    for (const char c : text) {
        if (begins_character(c) && ++seen == width)
            break;
        out += c;
    }
    return out + '+';
}

std::string aligned(std::string_view text, std::size_t width, bool left) {
    const std::string cell = fitted(text, width);
    const std::string fill(width - display_width(cell), ' ');
    return left ? cell + fill : fill + cell;
}

std::string without_trailing_blanks(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line + '\n';
}

std::vector<std::size_t> widths(std::span<const Column> catalogue, std::span<const Chosen> chosen,
                                std::span<const Row> rows) {
    std::vector<std::size_t> out;
    for (const auto& each : chosen) {
        const auto& column = catalogue[each.column];
        std::size_t width = static_cast<std::size_t>(each.width);
        if (each.width == 0) {
            width = std::max<std::size_t>(display_width(column.header), 6);
            for (const auto& row : rows)
                width = std::max(width, std::min(display_width(printable(row[each.column])),
                                                 static_cast<std::size_t>(column.most)));
        }
        out.push_back(width);
    }
    return out;
}

std::string separated(std::span<const std::string> cells, const Style& style) {
    std::string line = join(cells, style.delimiter);
    if (style.separation == Separation::parsable)
        line += style.delimiter;
    return line + '\n';
}

std::string render_parsable(std::span<const Column> catalogue, std::span<const Chosen> chosen,
                            std::span<const Row> rows, const Style& style) {
    std::string out;
    std::vector<std::string> cells;
    if (style.header) {
        for (const auto& each : chosen)
            cells.emplace_back(catalogue[each.column].header);
        out += separated(cells, style);
    }
    for (const auto& row : rows) {
        cells.clear();
        for (const auto& each : chosen)
            cells.push_back(printable(row[each.column]));
        out += separated(cells, style);
    }
    return out;
}

Result<Chosen> choose_one(std::span<const Column> catalogue, std::string_view word) {
    const std::size_t percent = word.find('%');
    const std::string name = lower(trim(word.substr(0, percent)));
    Chosen out;
    const auto found = std::find_if(catalogue.begin(), catalogue.end(),
                                    [&](const Column& c) { return name == c.field; });
    if (found == catalogue.end()) {
        std::vector<std::string> known;
        for (const auto& column : catalogue)
            known.emplace_back(column.field);
        const std::string near = nearest(name, known);
        return Error{Errc::malformed, "unknown field '" + name + "' in --format" +
                                          (near.empty() ? std::string(" (--helpformat lists them)")
                                                        : "; did you mean '" + near + "'?")};
    }
    out.column = static_cast<std::size_t>(found - catalogue.begin());
    if (percent == std::string_view::npos)
        return out;
    const std::string_view digits = trim(word.substr(percent + 1));
    int width = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), width);
    if (error != std::errc() || end != digits.data() + digits.size() || width == 0 ||
        width < -kMaxWidth || width > kMaxWidth)
        return Error{Errc::malformed, "'" + std::string(word) + "' in --format: the width is a " +
                                          "number such as %20, or %-20 for left-aligned"};
    out.left = width < 0;
    out.width = std::abs(width);
    return out;
}

} // namespace

std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

Result<std::vector<Chosen>> choose(std::span<const Column> catalogue, std::string_view format) {
    std::vector<Chosen> out;
    for (const auto& word : split(format, ',')) {
        auto one = choose_one(catalogue, word);
        if (!one)
            return std::move(one).error();
        out.push_back(*one);
    }
    if (out.empty())
        return Error{Errc::malformed, "--format names no field (--helpformat lists them)"};
    return out;
}

Style style(const Options& options) {
    Style out;
    out.header = !options.noheader;
    out.delimiter = options.delimiter;
    if (options.parsable)
        out.separation = Separation::parsable;
    if (options.parsable2)
        out.separation = Separation::parsable2;
    return out;
}

std::string render(std::span<const Column> catalogue, std::span<const Chosen> chosen,
                   std::span<const Row> rows, const Style& style) {
    if (style.separation != Separation::columns)
        return render_parsable(catalogue, chosen, rows, style);
    const auto width = widths(catalogue, chosen, rows);
    std::string header;
    std::string dashes;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const std::string_view gap = i == 0 ? "" : " ";
        header += gap;
        header += aligned(catalogue[chosen[i].column].header, width[i], chosen[i].left);
        dashes += gap;
        dashes += std::string(width[i], '-');
    }
    std::string out;
    if (style.header)
        out = without_trailing_blanks(header) + dashes + '\n';
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            line += i == 0 ? "" : " ";
            line += aligned(printable(row[chosen[i].column]), width[i], chosen[i].left);
        }
        out += without_trailing_blanks(line);
    }
    return out;
}

std::string fields_help(std::span<const Column> catalogue) {
    std::size_t widest = 0;
    for (const auto& column : catalogue)
        widest = std::max(widest, std::string_view(column.field).size());
    std::string out;
    for (const auto& column : catalogue)
        out += aligned(column.field, widest + 2, true) + column.help + '\n';
    return out;
}

} // namespace sluice::cli
