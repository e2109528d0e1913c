// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/http/names.hpp"

#include "common/base/text.hpp"
#include "common/hash/hash.hpp"

namespace sluice::http::waldur {
namespace {

// Names of ours in version 5: 6ba7b811-9dad-11d1-80b4-00c04fd430c8 is RFC 9562's for URLs.
constexpr std::string_view kUrlNamespace =
    "\x6b\xa7\xb8\x11\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4"
    "\x30\xc8";

} // namespace

std::string uuid(std::string_view kind, std::string_view cluster, std::string_view name) {
    std::string text(kUrlNamespace);
    ((text += "sluice:") += kind) += ':';
    ((text += cluster) += ':') += name;
    const auto digest = hash::sha1(text);
    // A host that forbids SHA-1 has SHA-256; its first bytes do as well.
    std::string bytes = digest ? digest->substr(0, 16) : hash::sha256(text).value().substr(0, 16);
    bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x50U);
    bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
    return hash::hex(bytes);
}

std::string bare(std::string_view text) {
    std::string out;
    for (const char c : lower(text)) {
        if (c == '-')
            continue;
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return "";
        out += c;
    }
    return out.size() == 32 ? out : "";
}

std::string Names::offering() const {
    return known_->offering.empty() ? uuid("offering", cluster_, "") : known_->offering;
}

std::string Names::policy(const std::string& name) const {
    const auto found = known_->policies.find(name);
    return found == known_->policies.end() ? uuid("policy", cluster_, name) : found->second;
}

std::string Names::resource(const std::string& account) const {
    const auto found = known_->resources.find(account);
    return found == known_->resources.end() ? uuid("resource", cluster_, account) : found->second;
}

bool Names::is_offering(const std::string& id) const {
    return id == offering() || id == uuid("offering", cluster_, "");
}

bool Names::is_policy(const std::string& name, const std::string& id) const {
    return id == policy(name) || id == uuid("policy", cluster_, name);
}

bool Names::is_resource(const std::string& account, const std::string& id) const {
    return id == resource(account) || id == uuid("resource", cluster_, account);
}

} // namespace sluice::http::waldur
