// SPDX-License-Identifier: GPL-2.0-or-later
// `texts`: what a submitter reads, with placeholders.
#include "common/base/fill.hpp"
#include "common/settings/policy_set.hpp"

#include <algorithm>

namespace sluice::settings {
namespace {

constexpr auto& kNames = model::kPlaceholders;

// Empty: none.
std::string fault_of(const std::string& text) {
    if (text.size() > model::kMaxTextBytes)
        return "has " + std::to_string(text.size()) + " bytes; shorten it to " +
               std::to_string(model::kMaxTextBytes);
    if (text.find('\t') != std::string::npos)
        return "holds a tab; write blanks";
    const auto pieces = fill_pieces(text);
    if (!pieces)
        return pieces.error().context;
    for (const auto& piece : *pieces)
        if (piece.placeholder &&
            std::find(kNames.begin(), kNames.end(), piece.text) == kNames.end())
            return "unknown placeholder " + shown(piece.text) +
                   suggestion(piece.text, {kNames.begin(), kNames.end()});
    return {};
}

void read_text(MapReader& map, std::string_view key, std::string& out) {
    const Node* node = map.take(key);
    if (node == nullptr)
        return;
    const std::string what = "texts." + std::string(key);
    const auto text = as_text(*node, what, map.errors());
    if (!text)
        return;
    if (const std::string fault = fault_of(*text); !fault.empty())
        map.errors().add(node->place(), what + ": " + fault);
    out = *text;
}

} // namespace

void read_texts(MapReader& map, model::Texts& texts) {
    const Node* node = map.take("texts");
    if (node == nullptr)
        return;
    MapReader inner(*node, "texts", map.errors());
    read_text(inner, "refusal", texts.refusal);
    read_text(inner, "warning", texts.warning);
    inner.finish();
}

} // namespace sluice::settings
