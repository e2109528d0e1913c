// SPDX-License-Identifier: GPL-2.0-or-later
// Keys of the site agent's file that Sluice does not use, and why.
#pragma once

#include "common/yaml/tree.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::settings {

// Which keys of a site agent's file were used, and comment lines for the other keys. Keeps pointers
// into the file's tree, which must outlive it.
class UnusedKeys {
public:
    // The value of `key`, marked as used; nullptr when `map` is no map, or key or value are absent.
    const yaml::Node* take(const yaml::Node* map, std::string_view key);
    // One line for all of `node`, with this reason.
    void set_aside(const yaml::Node& node, std::string reason) {
        aside_.emplace(&node, std::move(reason));
    }
    // One line per unused key: "offerings[0].waldur_api_url: https://...   (reason)". Values of
    // keys that look like secrets are left out.
    std::vector<std::string> lines(const yaml::Node& root) const;

private:
    void walk(const yaml::Node& node, const std::string& path, std::vector<std::string>& out) const;

    std::set<const yaml::Node*> used_;
    std::map<const yaml::Node*, std::string> aside_;
};

} // namespace sluice::settings
