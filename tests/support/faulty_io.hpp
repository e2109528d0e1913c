// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the calls of this process on files fail, one after the other: faulty_io.cpp, linked into a
// test program, stands before the C library's open, read, write, pwrite, fsync, fdatasync,
// ftruncate, rename, link and close, also for the libraries that the program uses (SQLite). Only
// calls on paths that begin with a prefix are counted.
#pragma once

#include <functional>
#include <string>

namespace sluice::test {

enum class Failing {
    once,   // the call, and none after it
    onward, // the call and all after it: the disk stays full
};

// The faults while it lives; one at a time in a process.
class FaultyIo {
public:
    // `nth`: the call that fails, from 1. `error`: its errno. Of `onward`, only calls that need
    // space fail: open for writing, write, pwrite, fsync, fdatasync, ftruncate, rename, link.
    FaultyIo(std::string prefix, int nth, int error, Failing failing = Failing::once);
    explicit FaultyIo(const struct Fault& fault);
    FaultyIo(const FaultyIo&) = delete;
    FaultyIo& operator=(const FaultyIo&) = delete;
    ~FaultyIo();

    bool reached() const;     // the call was made
    int calls() const;        // so far
    std::string call() const; // "fsync PATH"; "" before
};

struct Fault {
    std::string prefix;
    int nth = 1;
    int error = 0;
    Failing failing = Failing::once;
};

// Calls `attempt` with the first call below `prefix` failing, then with the second and so on, once
// by EIO and by ENOSPC, then onward by ENOSPC and by EDQUOT. `attempt` makes a FaultyIo of the
// fault for the time of the work and returns reached(): false ends the row. Each row has at least
// `least` calls, or the test fails, as it would test nothing.
void for_each_fault(const std::string& prefix, int least,
                    const std::function<bool(const Fault&)>& attempt);

} // namespace sluice::test
