// SPDX-License-Identifier: GPL-2.0-or-later
// main() of a fuzz target without a fuzzer: runs every file of its corpus once, so that what a
// fuzzer found stays mended. Arguments, if any, are files to run instead.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

bool run(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        return false;
    }
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::printf("%s\n", path.filename().c_str());
    std::fflush(stdout); // names the culprit when the target aborts
    (void)LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return true;
}

// ".../fuzz_settings" -> SRCDIR/tests/fuzz/corpus/settings
std::filesystem::path corpus(const char* program) {
    std::string name = std::filesystem::path(program).filename();
    const std::size_t at = name.find("fuzz_");
    name.erase(0, at == std::string::npos ? 0 : at + 5);
    const char* source = std::getenv("SLUICE_SRCDIR");
    return std::filesystem::path(source != nullptr ? source : ".") / "tests/fuzz/corpus" / name;
}

} // namespace

int main(int argc, char** argv) {
    bool good = true;
    for (int i = 1; i < argc; ++i)
        good = run(argv[i]) && good;
    if (argc > 1)
        return good ? 0 : 1;
    std::size_t count = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(corpus(argv[0]), error)) {
        good = run(entry.path()) && good;
        ++count;
    }
    if (count == 0) {
        std::fprintf(stderr, "no corpus in %s\n", corpus(argv[0]).c_str());
        return 1;
    }
    std::printf("%zu inputs replayed\n", count);
    return good ? 0 : 1;
}
