// SPDX-License-Identifier: GPL-2.0-or-later
// The tokens of programs that come over TCP. Only hashes are kept, in a file that nobody but the
// daemon's user may read; a token itself is shown once, when it is made.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/base/thread.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

enum class Role { staff, reader };

constexpr std::string_view name(Role role) {
    return role == Role::staff ? "staff" : "reader";
}

struct Token {
    std::string name;
    Role role = Role::reader;
    std::string digest; // SHA-256 of the token, hex
    Instant made{};
};

// Thread-safe. Only the daemon writes the file.
class TokenFile {
public:
    // The file does not have to exist yet. refused: others may read it; malformed: a line that
    // cannot be understood.
    static Result<std::unique_ptr<TokenFile>> open(const std::string& path);
    TokenFile(const TokenFile&) = delete;
    TokenFile& operator=(const TokenFile&) = delete;

    // The text that the program shall send; 256 random bits. conflict: the name is taken;
    // malformed: no usable name (letters, digits, . _ -; at most 64).
    Result<Secret> add(const std::string& name, Role role, Instant now);
    Result<void> remove(const std::string& name);
    std::vector<Token> list() const;
    // Takes as long for every wrong text of the same length.
    std::optional<Token> find(std::string_view text) const;

private:
    TokenFile(std::string path, std::vector<Token> held)
        : path_(std::move(path)), held_(std::move(held)) {}
    Result<void> write(const std::vector<Token>& tokens) const;

    std::string path_;
    mutable Guarded<std::vector<Token>> held_;
};

} // namespace sluice::http
