// SPDX-License-Identifier: GPL-2.0-or-later
// A munged of its own for tests: private folder, key and socket, ended by pid. Touches no munged of
// the system.
#pragma once

#include <sys/types.h>

#include <string>

namespace sluice::test {

class PrivateMunged {
public:
    // Ends the test program with 77 (skipped) where there is no munged.
    PrivateMunged();
    PrivateMunged(const PrivateMunged&) = delete;
    PrivateMunged& operator=(const PrivateMunged&) = delete;
    ~PrivateMunged();

    const std::string& socket() const { return socket_; }
    const std::string& folder() const { return folder_; }
    void stop();
    void start();

private:
    void write_key() const;

    std::string folder_;
    std::string socket_;
    std::string program_;
    pid_t pid_ = -1;
};

} // namespace sluice::test
