// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the registered cases through CMocka.
#include "tests/support/case.hpp"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <vector>

extern "C" {
#include <cmocka.h>
}

namespace sluice::test {
namespace {

struct Entry {
    const char* name;
    Body body;
};

std::vector<Entry>& entries() {
    static std::vector<Entry> all;
    return all;
}

// REQUIRES of fail_msg's longjmp: no object with a destructor alive in this frame.
void run_case(void** state) {
    static char reason[1024];
    bool failed = false;
    const auto* entry = static_cast<const Entry*>(*state);
    try {
        entry->body();
    } catch (const std::exception& e) {
        failed = true;
        std::snprintf(reason, sizeof reason, "%s", e.what());
    } catch (...) {
        failed = true;
        std::snprintf(reason, sizeof reason, "unknown exception");
    }
    if (failed)
        fail_msg("%s", reason);
}

} // namespace

Registration::Registration(const char* name, Body body) {
    entries().push_back({name, body});
}

} // namespace sluice::test

int main() {
    using namespace sluice::test;
    std::vector<CMUnitTest> tests;
    for (auto& entry : entries())
        tests.push_back({entry.name, run_case, nullptr, nullptr, &entry});
    if (tests.empty()) {
        std::fprintf(stderr, "no test is registered\n");
        return 1;
    }
    return _cmocka_run_group_tests("cases", tests.data(), tests.size(), nullptr, nullptr);
}
