// SPDX-License-Identifier: GPL-2.0-or-later
// The options of sbatch and the #SBATCH lines of a script, as a job for POST /api/v1/quote. As with
// sbatch the command line comes before the environment, and that before the script. Pure.
#pragma once

#include "common/base/result.hpp"
#include "common/json/json.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

// As slurmctld's default max_script_size.
inline constexpr std::size_t kMaxScript = std::size_t{4} << 20;

class SbatchJob {
public:
    // What SBATCH_ACCOUNT and the other variables hold; nullptr: not set.
    using Environment = std::function<const char*(const char* name)>;

    // Options of the command line. `script` is set to what follows them: path, then its arguments.
    // malformed: names the option.
    Result<void> read_options(const std::vector<std::string>& words,
                              std::vector<std::string>& script);
    Result<void> read_environment(const Environment& environment);
    // The #SBATCH lines before the first command. malformed: names place and option.
    Result<void> read_script(std::string_view text, const std::string& name);

    // The body of the request. REQUIRES: the last call
    json::Value body() const;
    // Options that can change what a job gets and are not read, "--constraint"; each once.
    const std::vector<std::string>& ignored() const { return ignored_; }

private:
    Result<void> read(const std::vector<std::string>& words, bool lines,
                      std::vector<std::string>* rest);
    Result<void> take(std::string_view option, const char* value);
    void set(const std::string& key, json::Value value);
    Result<void> set_number(std::string_view option, const std::string& key,
                            std::string_view value);
    Result<void> set_nodes(std::string_view value);
    Result<void> set_memory(std::string_view option, std::string_view value);
    void set_gres(const std::string& key, std::string_view prefix, std::string_view value);

    struct Setting {
        std::string key;
        std::string option; // of several that share a key each counts
        json::Value value;
    };
    std::vector<Setting> settings_;
    std::vector<std::string> taken_; // options of sources that come before
    std::vector<std::string> now_;   // of the source that is read
    std::vector<std::string> ignored_;
};

// Minutes of sbatch's --time, rounded up: "90", "1:30:00", "1-12", "1-12:30"; 0: no limit.
// malformed: with the forms.
Result<std::uint32_t> sbatch_minutes(std::string_view text);
// The words of a #SBATCH line, quotes and backslashes as sbatch reads them; '#' begins a comment.
std::vector<std::string> sbatch_words(std::string_view line);

} // namespace sluice::cli
