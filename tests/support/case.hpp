// SPDX-License-Identifier: GPL-2.0-or-later
// The one file that knows CMocka. A failing CMocka assertion leaves by longjmp, which skips
// destructors: undefined for C++ objects. Here checks throw, and only run_case(), where no object
// is alive, tells CMocka.
//
//   CASE(unused_allocation_is_carried_once) { CHECK_EQ(carry(1000, 700), 300); }
#pragma once

#include <cstdint>
#include <cstdio>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace sluice::test {

struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

using Body = void (*)();

// Registers at start-up; main() in main.cpp runs all of them.
struct Registration {
    Registration(const char* name, Body body);
};

template <class T>
std::string shown(const T& value) {
    if constexpr (std::is_enum_v<T>)
        return std::to_string(static_cast<long long>(value));
    else if constexpr (requires(std::ostringstream & s) { s << value; }) {
        std::ostringstream out;
        out << std::boolalpha << value;
        return out.str();
    } else
        return "(value)";
}

// Where the check stands: the builtins, because clang 14 has no std::source_location.
[[noreturn]] inline void fail(const std::string& what, const char* file = __builtin_FILE(),
                              int line = __builtin_LINE()) {
    throw Failure(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

template <class A, class B>
void check_eq(const A& a, const B& b, const char* text, const char* file = __builtin_FILE(),
              int line = __builtin_LINE()) {
    if (!(a == b))
        fail(std::string(text) + ": " + shown(a) + " is not " + shown(b), file, line);
}

} // namespace sluice::test

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ::sluice::test::fail("not true: " #condition);                                         \
    } while (false)
#define CHECK_EQ(a, b) ::sluice::test::check_eq((a), (b), #a " == " #b)
#define CASE(name)                                                                                 \
    static void case_##name();                                                                     \
    static const ::sluice::test::Registration registration_##name(#name, &case_##name);            \
    static void case_##name()
