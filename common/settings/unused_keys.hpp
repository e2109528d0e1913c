// SPDX-License-Identifier: GPL-2.0-or-later
// Inside the import: which keys of the site agent's file were used, and comment lines for the rest.
#pragma once

#include "common/yaml/tree.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::settings {

class Leftover {
public:
    // The value of `key`, marked as used; nullptr when `map` is no map, or key or value are absent.
    const yaml::Node* take(const yaml::Node* map, std::string_view key);
    // Path of the offering that is imported ("offerings[1]."); the others are told apart by it.
    void choose(std::string path) { chosen_ = std::move(path); }
    // One line per unused key: "offerings[0].waldur_api_url: https://...   (reason)". Values of
    // keys that look like secrets are left out.
    std::vector<std::string> lines(const yaml::Node& root) const;

private:
    void walk(const yaml::Node& node, const std::string& path, std::vector<std::string>& out) const;
    std::set<const yaml::Node*> used_;
    std::string chosen_;
};

// As a YAML scalar: plain where that is safe, else in double quotes.
std::string as_scalar(std::string_view text);

} // namespace sluice::settings
