// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/percent.hpp"

namespace sluice {

std::string percent_encoded(std::string_view text, std::string_view also_plain) {
    constexpr std::string_view kPlain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (kPlain.find(c) != std::string_view::npos ||
            also_plain.find(c) != std::string_view::npos)
            out += c;
        else
            (((out += '%') += kHex[byte >> 4]) += kHex[byte & 15]);
    }
    return out;
}

} // namespace sluice
