// SPDX-License-Identifier: GPL-2.0-or-later
// The file of HTTP tokens and the key file while each call on them fails once, or from there on.
#include "common/cred/key.hpp"
#include "common/hash/hash.hpp"
#include "daemon/http/auth/tokens.hpp"
#include "tests/support/case.hpp"
#include "tests/support/faulty_io.hpp"
#include "tests/support/scratch_dir.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace sluice;
namespace fs = std::filesystem;

namespace {

constexpr Instant kNow = instant(1'800'000'000);

std::unique_ptr<http::TokenFile> open(const std::string& path) {
    auto opened = http::TokenFile::open(path);
    CHECK(opened);
    return std::move(*opened);
}

} // namespace

CASE(a_token_is_added_and_removed_as_a_whole_or_not_at_all) {
    test::ScratchDir dir;
    int tried = 0;
    for (const bool removes : {false, true})
        test::for_each_fault(dir.path().string(), 4, [&](const test::Fault& fault) {
            const fs::path folder = dir.path() / std::to_string(++tried);
            fs::create_directory(folder);
            const std::string path = folder / "tokens";
            auto tokens = open(path);
            CHECK(tokens->add("one", http::Role::staff, kNow));
            const std::size_t before = tokens->list().size();
            const std::size_t after = removes ? 0 : 2;
            const auto work = [&] {
                return removes ? tokens->remove("one").has_value()
                               : tokens->add("two", http::Role::reader, kNow).has_value();
            };
            bool reached = false;
            {
                const test::FaultyIo faulty(fault);
                const bool succeeded = work();
                reached = faulty.reached();
                CHECK_EQ(succeeded, !reached);
            }
            CHECK_EQ(tokens->list().size(), reached ? before : after);
            const std::size_t stored = open(path)->list().size();
            CHECK(stored == after || (reached && stored == before));
            if (reached)
                CHECK(work());
            CHECK_EQ(open(path)->list().size(), after);
            CHECK_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
            return reached;
        });
}

CASE(a_token_or_key_file_that_cannot_be_read_is_no_empty_one) {
    test::ScratchDir dir;
    CHECK(open(dir.file("tokens"))->add("one", http::Role::staff, kNow));
    std::ofstream(dir.file("key")) << std::string(64, 'k');
    CHECK_EQ(::chmod(dir.file("key").c_str(), 0600), 0);
    test::for_each_fault(dir.path().string(), 2, [&](const test::Fault& fault) {
        const test::FaultyIo faulty(fault);
        const auto opened = http::TokenFile::open(dir.file("tokens"));
        CHECK_EQ(opened.has_value(), !faulty.reached());
        return faulty.reached();
    });
    test::for_each_fault(dir.path().string(), 2, [&](const test::Fault& fault) {
        const test::FaultyIo faulty(fault);
        const auto made = cred::KeySealer::create(dir.file("key"), 0);
        CHECK_EQ(made.has_value(), !faulty.reached());
        return faulty.reached();
    });
}
