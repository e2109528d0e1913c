// SPDX-License-Identifier: GPL-2.0-or-later
// Changes go to Waldur's SLURM emulator instead of Slurm, whose accounting is only read: what was
// sent is laid over it, so that the next cycle finds it done. Forgets it with the process.
#pragma once

#include "common/json/json.hpp"
#include "daemon/ports/accounting.hpp"
#include "daemon/ports/enforcer.hpp"
#include "waldur/api/http.hpp"

#include <map>
#include <string>

namespace sluice::waldur {

class Emulator final : public ports::Accounting, public ports::Enforcer {
public:
    // `url`: without a slash at its end. `accounting` must outlive it.
    Emulator(ports::Accounting& accounting, std::string url)
        : real_(accounting), url_(std::move(url)), http_(options()) {}

    Result<model::Structure> structure(const std::string& cluster) override;
    Result<std::vector<model::WindowUsage>> usage(const model::Structure& structure,
                                                  const ports::UsageQuestion& question) override {
        return real_.usage(structure, question);
    }
    Result<ports::RawUsage> raw_usage(const std::string& cluster) override {
        return real_.raw_usage(cluster);
    }
    Result<std::vector<model::Partition>> partitions(const std::string& cluster) override {
        return real_.partitions(cluster);
    }
    Result<std::vector<model::Job>> jobs(const std::string& cluster) override {
        return real_.jobs(cluster);
    }

    const char* mode() const override { return "emulator"; }
    ports::Outcomes apply(const model::Structure& structure,
                          std::span<const model::Command> commands,
                          std::size_t commit_group) override;
    Result<std::vector<bool>> confirm(const model::Structure& structure,
                                      std::span<const model::Command> commands) override;

private:
    using Limits = std::map<std::string, std::optional<std::int64_t>>;
    struct Sent {
        std::optional<std::vector<std::string>> qos;
        std::string default_qos;
        std::map<model::LimitType, Limits> limits;
        std::optional<std::uint32_t> shares;
    };

    static HttpOptions options();
    std::optional<Error> send(const model::Command& command);
    std::optional<Error> post(const json::Value& body);
    void note(const model::Command& command);

    ports::Accounting& real_;
    const std::string url_;
    Http http_;
    std::map<std::string, Sent> sent_; // by "account|user|partition"
};

} // namespace sluice::waldur
