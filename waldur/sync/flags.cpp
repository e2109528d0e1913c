// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/flags.hpp"

#include "common/base/text.hpp"

namespace sluice::app {
namespace {

// Instants are whole seconds: one that was taken in the second of the question may be either.
bool is_settled(const AskedFlag* asked, Instant began) {
    return asked == nullptr || (asked->confirmed && *asked->confirmed < began);
}

} // namespace

bool is_foreign(bool shown, const AskedFlag* asked, Instant began) {
    if (asked == nullptr)
        return shown;
    return shown && is_settled(asked, began) && !asked->value;
}

std::optional<bool> to_ask(bool wanted, bool shown, const AskedFlag* asked, Instant began) {
    const bool known = is_settled(asked, began) ? shown : asked->value;
    if (wanted == known)
        return std::nullopt;
    if (!wanted && (asked == nullptr || !asked->value))
        return std::nullopt; // a person's
    return wanted;
}

bool is_over(bool shown, const AskedFlag& asked, Instant began) {
    return is_settled(&asked, began) && (!shown || !asked.value);
}

std::string text_of(const AskedFlag& flag) {
    return std::string(flag.value ? "1 " : "0 ") + std::to_string(epoch(flag.asked)) +
           (flag.confirmed ? ' ' + std::to_string(epoch(*flag.confirmed)) : "");
}

std::optional<AskedFlag> asked_flag(const std::string& text) {
    const auto parts = split(text, ' ');
    if (parts.size() < 2 || parts.size() > 3 || (parts[0] != "0" && parts[0] != "1"))
        return std::nullopt;
    const auto asked = whole_number(parts[1]);
    const auto confirmed = parts.size() == 3 ? whole_number(parts[2]) : std::nullopt;
    if (!asked || (parts.size() == 3 && !confirmed))
        return std::nullopt;
    AskedFlag flag{parts[0] == "1", instant(*asked), std::nullopt};
    if (confirmed)
        flag.confirmed = instant(*confirmed);
    return flag;
}

} // namespace sluice::app
