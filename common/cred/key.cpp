// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/cred/key.hpp"

#include "common/base/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace sluice::cred {
namespace {

constexpr std::size_t kCodeBytes = 32;

Error key_error(Errc code, const std::string& path, const std::string& what) {
    return Error{code, "key file " + path + ": " + what};
}

// What is wrong with the file's owner or mode; "": nothing.
std::string access_fault(const struct stat& st) {
    if (!S_ISREG(st.st_mode))
        return "no plain file";
    if (st.st_uid != 0 && st.st_uid != ::geteuid())
        return "belongs to uid " + std::to_string(st.st_uid) + "; chown it to uid " +
               std::to_string(::geteuid());
    if ((st.st_mode & 077) != 0)
        return "others may use it; chmod it to 0600";
    return "";
}

Result<std::string> read_key(int fd, const std::string& path) {
    std::string key(kMostKey + 1, '\0');
    std::size_t have = 0;
    while (have < key.size()) {
        const ssize_t n = ::read(fd, key.data() + have, key.size() - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return key_error(Errc::unavailable, path, std::generic_category().message(errno));
        if (n == 0)
            break;
        have += static_cast<std::size_t>(n);
    }
    key.resize(have);
    if (have < kLeastKey || have > kMostKey)
        return key_error(Errc::malformed, path,
                         "a key has " + std::to_string(kLeastKey) + " to " +
                             std::to_string(kMostKey) +
                             " bytes; make one: head -c 64 /dev/urandom");
    return key;
}

// Takes as long wherever the first difference is.
bool same(std::string_view a, std::string_view b) {
    if (a.size() != b.size())
        return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i])) ^
                      static_cast<unsigned char>(b[i]);
    return difference == 0;
}

} // namespace

Result<KeySealer> KeySealer::create(const std::string& path, Hmac hmac, uid_t peer) {
    // Not blocking, so that a pipe in its place holds nobody up.
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat st {};
    if (!fd || ::fstat(fd.get(), &st) != 0)
        return key_error(Errc::unavailable, path, std::generic_category().message(errno));
    if (const std::string fault = access_fault(st); !fault.empty())
        return key_error(Errc::refused, path, fault);
    auto key = read_key(fd.get(), path);
    if (!key)
        return std::move(key).error();
    return KeySealer(std::move(*key), hmac, peer);
}

// The mark is part of what is authenticated: the same key used for something else fits nothing
// here.
Result<std::string> KeySealer::code(std::string_view payload) const {
    std::string bytes(kKeyMark);
    bytes += payload;
    return hmac_(key_, bytes);
}

Result<std::string> KeySealer::encode(std::string_view payload, std::optional<uid_t>) {
    if (payload.size() > kMaxPayload)
        return Error{Errc::overflow, "shared key: payload too large"};
    auto made = code(payload);
    if (!made)
        return made;
    std::string text(kKeyMark);
    text += *made;
    text += payload;
    return text;
}

Result<Credential> KeySealer::decode(std::string_view text) {
    if (text.starts_with("MUNGE:"))
        return Error{Errc::refused, "the other side uses munge, this one a key file"};
    if (!text.starts_with(kKeyMark) || text.size() < kKeyMark.size() + kCodeBytes)
        return Error{Errc::malformed, "shared key: not a credential"};
    text.remove_prefix(kKeyMark.size());
    const std::string_view claimed = text.substr(0, kCodeBytes);
    const std::string_view payload = text.substr(kCodeBytes);
    if (payload.size() > kMaxPayload)
        return Error{Errc::overflow, "shared key: payload too large"};
    const auto made = code(payload);
    if (!made)
        return made.error();
    if (!same(claimed, *made))
        return Error{Errc::refused, "made with another key"};
    Credential out;
    out.payload = payload;
    out.uid = peer_;
    return out;
}

} // namespace sluice::cred
