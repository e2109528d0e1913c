// SPDX-License-Identifier: GPL-2.0-or-later
// Decimal text to scaled integer and back, without passing through a binary number.
#include "common/base/decimal.hpp"

#include "common/base/amount.hpp"

namespace sluice {
namespace {

struct Parsed {
    Wide digits = 0;
    int fraction = 0; // digits after the point
    bool negative = false;
    bool any = false;
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Reads sign, digits and point; stops at 'e', 'E' or the end. False: something else stands there.
bool read_mantissa(std::string_view& text, Parsed& out) {
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        out.negative = text[0] == '-';
        text.remove_prefix(1);
    }
    bool point = false;
    while (!text.empty() && text[0] != 'e' && text[0] != 'E') {
        const char c = text[0];
        text.remove_prefix(1);
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(c) || out.digits > Wide{INT64_MAX})
            return false;
        out.digits = out.digits * 10 + (c - '0');
        out.fraction += point ? 1 : 0;
        out.any = true;
    }
    return out.any;
}

std::optional<int> read_exponent(std::string_view text) {
    if (text.empty())
        return 0;
    text.remove_prefix(1);
    bool negative = false;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        negative = text[0] == '-';
        text.remove_prefix(1);
    }
    if (text.empty() || text.size() > 2)
        return std::nullopt;
    int value = 0;
    for (const char c : text) {
        if (!is_digit(c))
            return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return negative ? -value : value;
}

} // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) {
    Parsed parsed;
    if (!read_mantissa(text, parsed))
        return std::nullopt;
    const auto exponent = read_exponent(text);
    if (!exponent)
        return std::nullopt;
    int shift = 9 + *exponent - parsed.fraction;
    Wide value = parsed.digits;
    for (; shift > 0 && value != 0; --shift) {
        const auto next = multiply(value, 10);
        if (!next)
            return std::nullopt;
        value = *next;
    }
    for (; shift < 0 && value != 0; ++shift) {
        if (value % 10 != 0)
            return std::nullopt; // more than nine digits after the point
        value /= 10;
    }
    const auto fits = narrow(parsed.negative ? -value : value);
    if (!fits)
        return std::nullopt;
    return Decimal{*fits};
}

std::string Decimal::text() const {
    const bool negative = scaled_ < 0;
    const Wide magnitude = negative ? -Wide{scaled_} : Wide{scaled_};
    std::string out = std::to_string(static_cast<std::uint64_t>(magnitude / kScale));
    auto fraction = static_cast<std::uint64_t>(magnitude % kScale);
    if (fraction != 0) {
        std::string digits = std::to_string(fraction);
        digits.insert(0, 9 - digits.size(), '0');
        digits.erase(digits.find_last_not_of('0') + 1);
        out += '.' + digits;
    }
    return negative ? '-' + out : out;
}

} // namespace sluice
