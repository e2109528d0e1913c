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
    // The #SBATCH lines before the first command. malformed: names place and option. Lines of other
    // batch systems are only named in ignored().
    Result<void> read_script(std::string_view text, const std::string& name);

    // The body of the request. REQUIRES: the last call
    json::Value body() const;
    // What can change what a job gets and is not read, "--constraint"; each once. REQUIRES: as
    // body()
    std::vector<std::string> ignored() const;

private:
    struct Setting {
        std::string key;
        std::string option; // of several that share a key each counts
        json::Value value;
        bool variable = false; // of the environment
    };

    Result<void> read(const std::vector<std::string>& words, bool lines,
                      std::vector<std::string>* rest);
    Result<void> take(std::string_view option, const char* value);
    void ignore(const std::string& what);
    void set(const std::string& key, json::Value value);
    Result<void> set_number(std::string_view option, const std::string& key,
                            std::string_view value);
    Result<void> set_nodes(std::string_view value);
    Result<void> set_memory(std::string_view option, std::string_view value);
    void set_gres(const std::string& key, std::string_view prefix, std::string_view value);
    Result<void> set_tres_per_task(std::string_view option, std::string_view value);
    bool overruled(const Setting& one) const;
    const Setting* find(std::string_view key, std::string_view part = "") const;
    std::uint64_t number(std::string_view key) const;

    std::vector<Setting> settings_;
    std::vector<std::string> taken_; // options of sources that come before
    std::vector<std::string> now_;   // of the source that is read
    std::vector<std::string> ignored_;
    bool variables_ = false;  // the environment is read
    bool ignore_pbs_ = false; // --ignore-pbs
};

// Minutes of sbatch's --time, rounded up: "90", "1:30:00", "1-12", "1-12:30"; 0: no limit.
// malformed: with the forms.
Result<std::uint32_t> sbatch_minutes(std::string_view text);
// The words of a #SBATCH line, quotes and backslashes as sbatch reads them; '#' begins a comment.
// malformed: a quote without its end.
Result<std::vector<std::string>> sbatch_words(std::string_view line);

} // namespace sluice::cli
