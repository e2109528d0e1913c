// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/file.hpp"

#include "tests/common/wire/samples.hpp"
#include "tests/support/case.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

using namespace sluice;
using namespace sluice::wire;
using test::sample_snapshot;
namespace fs = std::filesystem;

namespace {

class Folder {
public:
    Folder() {
        std::string pattern = fs::temp_directory_path() / "sluice-file-XXXXXX";
        CHECK(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    std::string file() const { return path_ / "sluice_snapshot"; }
    std::size_t entries() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
    }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

void write(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

} // namespace

CASE(a_saved_snapshot_is_loaded_again) {
    const Folder folder;
    CHECK(save_file(folder.file(), sample_snapshot()).has_value());
    const auto back = load_file(folder.file());
    CHECK(back.has_value());
    CHECK(back->snapshot.same_content(sample_snapshot()));
    CHECK_EQ(back->snapshot.sequence, 42U);
    CHECK(std::abs(epoch(back->confirmed) - std::time(nullptr)) < 60);
    CHECK_EQ(folder.entries(), 1U);
    struct stat st {};
    CHECK(::stat(folder.file().c_str(), &st) == 0);
    CHECK_EQ(st.st_mode & 0777U, 0600U);
}

CASE(no_file_is_not_found) {
    const Folder folder;
    CHECK(load_file(folder.file()).error().code == Errc::not_found);
}

CASE(a_file_with_any_damage_is_refused) {
    const Folder folder;
    const auto good = *encode_file(sample_snapshot());
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bytes = good;
        bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
        CHECK(!decode_file(bytes).has_value());
        CHECK(!decode_file(std::string_view(good).substr(0, i)).has_value());
    }
    write(folder.file(), good.substr(0, good.size() - 1));
    CHECK(load_file(folder.file()).error().code == Errc::malformed);
    write(folder.file(), "");
    CHECK(load_file(folder.file()).error().code == Errc::malformed);
}

CASE(a_file_that_others_may_write_is_refused) {
    const Folder folder;
    CHECK(save_file(folder.file(), sample_snapshot()).has_value());
    CHECK(::chmod(folder.file().c_str(), 0622) == 0);
    CHECK(load_file(folder.file()).error().code == Errc::refused);
}

CASE(a_link_or_fifo_in_its_place_is_refused_without_waiting) {
    const Folder folder;
    CHECK(save_file(folder.path() / "other", sample_snapshot()).has_value());
    fs::create_symlink(folder.path() / "other", folder.file());
    CHECK(!load_file(folder.file()).has_value());
    fs::remove(folder.file());
    CHECK(::mkfifo(folder.file().c_str(), 0600) == 0);
    CHECK(!load_file(folder.file()).has_value());
}

CASE(a_save_that_fails_leaves_the_old_file_and_nothing_else) {
    const Folder folder;
    CHECK(save_file(folder.file(), sample_snapshot()).has_value());
    auto too_long = sample_snapshot();
    too_long.accounts[0].text = std::string(kMaxText + 1, 'x');
    CHECK(!save_file(folder.file(), too_long).has_value());
    CHECK(load_file(folder.file()).has_value());
    CHECK(!save_file(folder.file() + "/impossible", sample_snapshot()).has_value());
    CHECK_EQ(folder.entries(), 1U);
}

CASE(a_confirmation_renews_the_age_only) {
    const Folder folder;
    CHECK(save_file(folder.file(), sample_snapshot()).has_value());
    fs::last_write_time(folder.file(), fs::file_time_type::clock::now() - std::chrono::hours(5));
    const auto before = load_file(folder.file())->confirmed;
    confirm_file(folder.file());
    const auto after = load_file(folder.file());
    CHECK(epoch(after->confirmed) - epoch(before) > 4 * 3600);
    CHECK(after->snapshot.same_content(sample_snapshot()));
}
