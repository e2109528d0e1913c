// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/file.hpp"

#include "tests/common/wire/samples.hpp"
#include "tests/support/case.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <vector>

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

CASE(the_snapshot_before_the_newest_is_kept_with_its_age) {
    const Folder folder;
    auto snapshot = sample_snapshot();
    CHECK(save_file(folder.file(), snapshot).has_value());
    fs::last_write_time(folder.file(), fs::file_time_type::clock::now() - std::chrono::hours(5));
    const auto confirmed = load_file(folder.file())->confirmed;
    ++snapshot.sequence;
    CHECK(save_file(folder.file(), snapshot, 30).has_value());
    CHECK_EQ(load_file(folder.file())->snapshot.sequence, 43U);
    CHECK(std::abs(epoch(load_file(folder.file())->confirmed) + 30 - std::time(nullptr)) < 20);
    const auto previous = load_file(previous_file(folder.file()));
    CHECK_EQ(previous->snapshot.sequence, 42U);
    CHECK(previous->confirmed == confirmed);
    CHECK_EQ(folder.entries(), 2U);
}

CASE(a_damaged_snapshot_does_not_become_the_previous_one) {
    const Folder folder;
    auto snapshot = sample_snapshot();
    CHECK(save_file(folder.file(), snapshot).has_value());
    ++snapshot.sequence;
    CHECK(save_file(folder.file(), snapshot).has_value());
    const auto good = *encode_file(snapshot);
    for (const auto& damaged :
         {good.substr(0, good.size() - 1), good.substr(0, 4), std::string()}) {
        write(folder.file(), damaged);
        ++snapshot.sequence;
        CHECK(save_file(folder.file(), snapshot).has_value());
        CHECK_EQ(load_file(folder.file())->snapshot.sequence, snapshot.sequence);
        CHECK_EQ(load_file(previous_file(folder.file()))->snapshot.sequence, 42U);
    }
}

CASE(a_snapshot_that_a_start_would_refuse_does_not_become_the_previous_one) {
    const Folder folder;
    auto snapshot = sample_snapshot();
    const auto save_two = [&] {
        CHECK(save_file(folder.file(), snapshot).has_value());
        ++snapshot.sequence;
        CHECK(save_file(folder.file(), snapshot).has_value());
    };
    const auto good_stays = [&](std::uint64_t good) {
        ++snapshot.sequence;
        CHECK(save_file(folder.file(), snapshot).has_value());
        CHECK_EQ(load_file(folder.file())->snapshot.sequence, snapshot.sequence);
        CHECK_EQ(load_file(previous_file(folder.file()))->snapshot.sequence, good);
    };
    save_two();
    CHECK_EQ(::chmod(folder.file().c_str(), 0666), 0);
    good_stays(42);
    auto other = snapshot;
    other.cluster = "another";
    write(folder.file(), *encode_file(other));
    good_stays(42);
    auto bytes = *encode_file(snapshot);
    ++bytes[8]; // the version
    write(folder.file(), bytes);
    good_stays(42);
    if (::geteuid() != 0)
        return;
    CHECK_EQ(::chown(folder.file().c_str(), 5, static_cast<gid_t>(-1)), 0);
    good_stays(42);
    CHECK_EQ(::chown(folder.file().c_str(), 0, static_cast<gid_t>(-1)), 0);
    good_stays(snapshot.sequence);
}

CASE(a_file_that_is_no_snapshot_is_never_replaced) {
    const Folder folder;
    for (const auto& file : {folder.file(), previous_file(folder.file())}) {
        for (const char* content : {"precious", "S", "SLUICE is not SLUICESN"}) {
            const bool begins_so = std::string_view(content) == "S";
            write(file, content);
            const auto saved = save_file(folder.file(), sample_snapshot());
            CHECK_EQ(saved.has_value(), begins_so);
            if (!saved) {
                CHECK(saved.error().code == Errc::refused);
                CHECK(saved.error().context.find(file + " exists and is no snapshot") == 0);
                CHECK_EQ(fs::file_size(file), std::string_view(content).size());
            }
        }
        fs::remove(folder.file());
        fs::remove(file);
        fs::create_symlink("elsewhere", file);
        CHECK(save_file(folder.file(), sample_snapshot()).error().code == Errc::refused);
        CHECK(fs::is_symlink(file));
        fs::remove(file);
        CHECK(::mkfifo(file.c_str(), 0600) == 0);
        CHECK(save_file(folder.file(), sample_snapshot()).error().code == Errc::refused);
        fs::remove(file);
        fs::create_directory(file);
        CHECK(save_file(folder.file(), sample_snapshot()).error().code == Errc::refused);
        fs::remove(file);
    }
    CHECK_EQ(folder.entries(), 0U);
}

CASE(unfinished_files_of_processes_that_ended_are_removed) {
    const Folder folder;
    std::array<char, 256> host{};
    CHECK_EQ(::gethostname(host.data(), host.size() - 1), 0);
    const std::string begin = folder.file() + ".new.";
    const std::string here = begin + host.data() + '.';
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(0);
    CHECK_EQ(::waitpid(child, nullptr, 0), child);
    const auto ended = here + std::to_string(child);
    const std::vector<std::string> kept{here + std::to_string(::getppid()), here + "x",
                                        begin + "elsewhere.1", folder.file() + ".news"};
    const std::vector<std::string> removed{ended, begin + "elsewhere.2"};
    for (const auto& list : {kept, removed})
        for (const auto& file : list)
            write(file, "SLUICESN");
    fs::last_write_time(begin + "elsewhere.2",
                        fs::file_time_type::clock::now() - std::chrono::hours(2));
    remove_leftovers(folder.file());
    for (const auto& file : kept)
        CHECK(fs::exists(file));
    for (const auto& file : removed)
        CHECK(!fs::exists(file));
    remove_leftovers("/nonexistent/folder/file");
}
