// SPDX-License-Identifier: GPL-2.0-or-later
// One token a line: NAME ROLE SHA256 EPOCH. A token is random to the last bit, so its hash needs
// neither salt nor a slow function.
#include "daemon/http/auth/tokens.hpp"

#include "common/base/files.hpp"
#include "common/base/text.hpp"
#include "common/hash/hash.hpp"

#include <algorithm>

namespace sluice::http {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr std::size_t kMaxName = 64;

bool usable(const std::string& name) {
    return !name.empty() && name.size() <= kMaxName &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-") == std::string::npos;
}

std::optional<Token> parse(std::string_view line) {
    const auto words = split(line, ' ');
    if (words.size() != 4 || !usable(words[0]) || words[2].size() != 64)
        return std::nullopt;
    Token out;
    out.name = words[0];
    out.role = words[1] == name(Role::staff) ? Role::staff : Role::reader;
    out.digest = words[2];
    const auto at = whole_number(words[3]);
    if (words[1] != name(out.role) || !at)
        return std::nullopt;
    out.made = instant(*at);
    return out;
}

} // namespace

Result<std::unique_ptr<TokenFile>> TokenFile::open(const std::string& path) {
    auto text = read_file(path, kMaxFile, ReadableBy::owner);
    if (!text && text.error().code == Errc::not_found)
        text = std::string();
    if (!text)
        return Error{text.error().code, "tokens " + text.error().context};
    std::vector<Token> held;
    for (const auto& line : split(*text, '\n')) {
        auto token = parse(line);
        if (!token)
            return Error{Errc::malformed, "tokens " + path + ": a line that is not a token"};
        held.push_back(std::move(*token));
    }
    return std::unique_ptr<TokenFile>(new TokenFile(path, std::move(held)));
}

// A crash leaves the old file or the new one.
Result<void> TokenFile::write(const std::vector<Token>& tokens) const {
    std::string text;
    for (const auto& token : tokens)
        text += token.name + ' ' + std::string(name(token.role)) + ' ' + token.digest + ' ' +
                std::to_string(epoch(token.made)) + '\n';
    const std::string fresh = path_ + ".new";
    auto written = write_new_file(fresh, text);
    if (written)
        written = move_into_place(fresh, path_);
    return written ? std::move(written) : std::move(written.error()).in("tokens");
}

Result<Secret> TokenFile::add(const std::string& name, Role role, Instant now) {
    if (!usable(name))
        return Error{Errc::malformed, "'" + name + "' cannot name a token: use up to " +
                                          std::to_string(kMaxName) +
                                          " letters, digits, '.', '_' and '-'"};
    const auto bytes = hash::random_bytes(kTokenBytes);
    if (!bytes)
        return bytes.error();
    std::string text = hash::hex(*bytes);
    const auto digest = hash::sha256(text);
    if (!digest)
        return digest.error();
    auto held = held_.lock();
    for (const auto& token : *held)
        if (token.name == name)
            return Error{Errc::conflict, "token " + name + " exists already"};
    auto next = *held;
    next.push_back({name, role, hash::hex(*digest), now});
    if (const auto written = write(next); !written)
        return written.error();
    *held = std::move(next);
    return Secret(std::move(text));
}

Result<void> TokenFile::remove(const std::string& name) {
    auto held = held_.lock();
    auto next = *held;
    if (std::erase_if(next, [&](const Token& token) { return token.name == name; }) == 0)
        return Error{Errc::not_found, "no token is named " + name};
    if (auto written = write(next); !written)
        return written;
    *held = std::move(next);
    return {};
}

std::vector<Token> TokenFile::list() const {
    return *held_.lock();
}

std::optional<Token> TokenFile::find(std::string_view text) const {
    const auto digest = hash::sha256(text);
    if (!digest)
        return std::nullopt;
    const std::string hex = hash::hex(*digest);
    std::optional<Token> found;
    auto held = held_.lock(); // a temporary would end before the first iteration
    for (const auto& token : *held)
        if (hash::equal_in_constant_time(token.digest, hex))
            found = token;
    return found;
}

} // namespace sluice::http
