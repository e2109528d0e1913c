// SPDX-License-Identifier: GPL-2.0-or-later
// Nodes back to text: in block style, without comments, with the texts as they were written.
#pragma once

#include "common/yaml/tree.hpp"

#include <string>

namespace sluice::yaml {

// REQUIRES: a map. Ends with a line feed. Parsing the result gives an equal tree.
std::string written(const Node& map);
// The entries of `base` with those of `change` laid over them: an empty value removes the key.
// REQUIRES: two maps.
std::string merged(const Node& base, const Node& change);
// Each line of `text` that is not empty begins with `indent`.
std::string indented(const std::string& text, const std::string& indent);

} // namespace sluice::yaml
