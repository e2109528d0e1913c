// SPDX-License-Identifier: GPL-2.0-or-later
// Collects every error of one file, so that a person mends them in one go. Also the notes: things
// that are accepted but that the reader of the log should know.
#pragma once

#include "common/base/result.hpp"
#include "common/yaml/tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::settings {

using yaml::Place;

class Errors {
public:
    // `file` as the person named it; it begins every line.
    explicit Errors(std::string file) : file_(std::move(file)) {}

    // `text` says what is wrong and, behind a semicolon, what would mend it.
    void add(Place place, std::string text) { errors_.push_back({place, std::move(text)}); }
    void note(Place place, std::string text) { notes_.push_back({place, std::move(text)}); }
    bool any() const { return !errors_.empty(); }
    const std::string& file() const { return file_; }

    // `FILE:LINE:COLUMN: text`, in the order of the file, at most 100 and a count of the rest.
    std::vector<std::string> lines() const { return rendered(errors_); }
    std::vector<std::string> notes() const { return rendered(notes_); }
    // All lines in one malformed error, one a line. REQUIRES: any()
    Error error() const;

private:
    std::vector<std::string> rendered(const std::vector<yaml::Fault>& faults) const;

    std::string file_;
    std::vector<yaml::Fault> errors_;
    std::vector<yaml::Fault> notes_;
};

std::string located(std::string_view file, Place place, std::string_view text);

} // namespace sluice::settings
