// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/cred/key.hpp"

#include "common/cred/munge.hpp"
#include "tests/support/case.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace sluice;
using cred::KeySealer;

namespace {

constexpr uid_t kPeer = 4711;

// A folder with key files, gone with the test.
class Folder {
public:
    Folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "sluice-key-XXXXXX";
        CHECK(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }

    std::string file(const std::string& name, const std::string& bytes, mode_t mode = 0600) const {
        const std::string path = path_ + "/" + name;
        std::ofstream(path, std::ios::binary) << bytes;
        CHECK_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

Result<KeySealer> sealer(const std::string& path) {
    return KeySealer::create(path, kPeer);
}

std::string fault(const std::string& path) {
    const auto made = sealer(path);
    return made ? "" : made.error().context;
}

} // namespace

CASE(a_payload_comes_back_as_of_the_holder_of_the_key) {
    const Folder folder;
    const std::string path = folder.file("key", std::string(64, 'k'));
    auto one = sealer(path);
    auto other = sealer(path);
    CHECK(one && other);
    const std::string payload("a\0b", 3);
    const auto back = other->decode(*one->encode(payload, std::nullopt));
    CHECK(back.has_value());
    CHECK_EQ(back->payload, payload);
    CHECK_EQ(back->uid, kPeer);
    CHECK_EQ(other->decode(*one->encode("", std::nullopt))->payload, "");
}

CASE(another_key_opens_nothing) {
    const Folder folder;
    auto one = sealer(folder.file("one", std::string(32, 'a')));
    auto other = sealer(folder.file("other", std::string(32, 'b')));
    const auto back = other->decode(*one->encode("payload", std::nullopt));
    CHECK(!back.has_value());
    CHECK(back.error().code == Errc::refused);
    CHECK_EQ(back.error().context, "credential made with another key");
}

CASE(a_credential_with_any_bit_turned_is_refused) {
    const Folder folder;
    auto both = sealer(folder.file("key", std::string(32, 'a')));
    const std::string text = *both->encode("some payload", std::nullopt);
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string altered = text;
        altered[i] = static_cast<char>(altered[i] ^ 1);
        CHECK(!both->decode(altered).has_value());
    }
    for (std::size_t length = 0; length < text.size(); ++length)
        CHECK(!both->decode(text.substr(0, length)).has_value());
    CHECK(!both->decode(text + "x").has_value());
}

CASE(a_key_that_others_may_use_is_not_taken) {
    const Folder folder;
    const std::string key(64, 'k');
    for (const mode_t mode : {0640U, 0604U, 0660U, 0602U, 0610U}) {
        const std::string path = folder.file("loose", key, mode);
        CHECK_EQ(fault(path),
                 "key file " + path + ": other users have access; run: chmod 600 " + path);
    }
    CHECK_EQ(fault(folder.file("readonly", key, 0400)), "");
    CHECK_EQ(::symlink("readonly", (folder.path() + "/link").c_str()), 0);
    CHECK(!sealer(folder.path() + "/link").has_value());
    CHECK_EQ(::mkfifo((folder.path() + "/pipe").c_str(), 0600), 0);
    CHECK_EQ(fault(folder.path() + "/pipe"),
             "key file " + folder.path() +
                 "/pipe: is not a regular file; put a regular file in its place");
}

CASE(a_key_is_neither_missing_nor_short_nor_long) {
    const Folder folder;
    CHECK_EQ(fault(folder.path() + "/none"),
             "key file " + folder.path() + "/none: No such file or directory");
    const std::string hint =
        ": a key has 32 to 4096 bytes; create one with: head -c 64 /dev/urandom";
    const std::string shorter = folder.file("short", std::string(31, 'k'));
    CHECK_EQ(fault(shorter), "key file " + shorter + hint);
    const std::string longer = folder.file("long", std::string(4097, 'k'));
    CHECK_EQ(fault(longer), "key file " + longer + hint);
    CHECK_EQ(fault(folder.file("most", std::string(4096, 'k'))), "");
}

CASE(a_payload_of_the_largest_size_fits_and_no_larger) {
    const Folder folder;
    auto both = sealer(folder.file("key", std::string(32, 'a')));
    const std::string most(cred::kMaxPayload, 'p');
    CHECK_EQ(both->decode(*both->encode(most, std::nullopt))->payload, most);
    CHECK(both->encode(most + "p", std::nullopt).error().code == Errc::overflow);
}

CASE(munge_and_a_key_file_tell_each_other_apart) {
    const Folder folder;
    auto key = sealer(folder.file("key", std::string(32, 'a')));
    CHECK_EQ(key->decode("MUNGE:abc:").error().context,
             "the other side uses munge, this side a key file");
    auto munge = cred::MungeContext::create(folder.path() + "/no-socket");
    CHECK_EQ(munge->decode(*key->encode("x", std::nullopt)).error().context,
             "the other side uses a key file, this side munge");
}

CASE(without_munged_the_other_way_is_named) {
    const Folder folder;
    auto munge = cred::MungeContext::create(folder.path() + "/no-socket");
    const auto made = munge->encode("x", std::nullopt);
    CHECK(made.error().code == Errc::unavailable);
    CHECK(made.error().context.find(
              "without munge: KeyFile= of sluice.conf, plugin_server: key_file: of "
              "sluiced.yaml") != std::string::npos);
}
