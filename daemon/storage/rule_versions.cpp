// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/rule_versions.hpp"

#include <chrono>

namespace sluice::storage {
namespace {

constexpr const char* kColumns = "SELECT kind, name, version, body, made_by, reason, at ";
// Versions of a name rise.
constexpr const char* kNewest =
    "FROM rule_version r WHERE version = (SELECT MAX(version) FROM rule_version n "
    "WHERE n.kind = r.kind AND n.name = r.name) ";

ports::RuleVersion read_version(const Statement& row) {
    using enum model::RuleKind;
    ports::RuleVersion out;
    out.entry = {row.text(0) == model::name(policy) ? policy : allocation, row.text(1), row.text(3),
                 row.integer(2)};
    out.removed = row.is_null(3);
    out.by = row.text(4);
    out.reason = row.text(5);
    out.at = instant(row.integer(6));
    return out;
}

std::vector<ports::RuleVersion> read_all(Statement& rows) {
    std::vector<ports::RuleVersion> out;
    while (rows.step())
        out.push_back(read_version(rows));
    return out;
}

std::vector<ports::RuleVersion> in_force(Database& database) {
    Statement rows(database, std::string(kColumns) + kNewest +
                                 "AND body IS NOT NULL ORDER BY kind DESC, name");
    return read_all(rows);
}

} // namespace

Result<std::vector<ports::RuleVersion>> stored_rules(const std::string& path) {
    return at_port(path.c_str(), [&] {
        Database database(path, Database::Access::read_only, std::chrono::milliseconds{0});
        return in_force(database);
    });
}

Result<std::vector<ports::RuleVersion>> SqliteRules::rules() {
    return at_port("rules", [&] { return in_force(*reader_.lock()); });
}

Result<std::vector<ports::RuleVersion>> SqliteRules::versions(model::RuleKind kind,
                                                              const std::string& name) {
    return at_port("rule versions", [&] {
        auto reader = reader_.lock();
        Statement rows(*reader, std::string(kColumns) + "FROM rule_version WHERE kind = ? AND "
                                                        "name = ? ORDER BY version DESC");
        rows.bind(model::name(kind), name);
        return read_all(rows);
    });
}

Result<std::int64_t> SqliteRules::add(const ports::RuleVersion& next) {
    return at_port("set rule", [&] {
        const auto& entry = next.entry;
        const char* kind = model::name(entry.kind);
        if (entry.text.size() > ports::kMaxRuleText)
            throw Failure({Errc::overflow, "the text is longer than " +
                                               std::to_string(ports::kMaxRuleText) + " bytes"});
        auto writer = writer_.lock();
        auto& database = writer->database;
        Transaction transaction(database);
        Statement last(database, "SELECT version, body IS NULL FROM rule_version WHERE kind = ? "
                                 "AND name = ? ORDER BY version DESC LIMIT 1");
        last.bind(kind, entry.name);
        const bool known = last.step();
        const std::int64_t newest = known ? last.integer(0) : 0;
        const std::int64_t in_force = known && !last.flag(1) ? newest : 0;
        if (in_force != entry.version)
            throw Failure({Errc::conflict, "version " + std::to_string(in_force) +
                                               " is in force, not " +
                                               std::to_string(entry.version)});
        if (in_force == 0 &&
            database.integer(
                (std::string("SELECT COUNT(*) ") + kNewest + "AND body IS NOT NULL").c_str()) >=
                static_cast<std::int64_t>(ports::kMaxRules))
            throw Failure(
                {Errc::overflow, "the journal holds " + std::to_string(ports::kMaxRules) +
                                     " policies and allocations; put them into the file"});
        Statement insert(database, "INSERT INTO rule_version (kind, name, version, body, made_by, "
                                   "reason, at) VALUES (?,?,?,?,?,?,?)");
        const auto body = next.removed ? std::nullopt : std::optional<std::string>(entry.text);
        insert.bind(kind, entry.name, newest + 1, body, next.by, next.reason, epoch(next.at)).run();
        Statement prune(database, "DELETE FROM rule_version WHERE kind = ? AND name = ? AND "
                                  "version <= ?");
        prune
            .bind(kind, entry.name, newest + 1 - static_cast<std::int64_t>(ports::kMaxRuleVersions))
            .run();
        transaction.commit();
        return newest + 1;
    });
}

} // namespace sluice::storage
