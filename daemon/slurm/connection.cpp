// SPDX-License-Identifier: GPL-2.0-or-later
// Opening, closing and the meaning of errors; no calls about accounting here.
#include "daemon/slurm/connection.hpp"

#include "daemon/slurm/missing_symbols.hpp"
#include "daemon/slurm/slurm_conf.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <mutex>

namespace sluice::slurm {

Result<SlurmdbConnection> SlurmdbConnection::open() {
    if (!missing_symbols_are_there())
        return Error{Errc::internal, "this program was linked without the symbols that libslurm's "
                                     "plugins need (SLURM_ADAPTER_LDFLAGS)"};
    if (Result<void> ready = start_libslurm(); !ready)
        return std::move(ready).error();
    std::uint16_t flags = 0;
    void* raw = slurmdb_connection_get(&flags);
    // While slurmdbd is away the handle is there all the same; the first call tells.
    if (raw == nullptr)
        return Error{Errc::unavailable, "no connection"};
    return SlurmdbConnection{raw};
}

SlurmdbConnection::~SlurmdbConnection() {
    if (raw_ != nullptr)
        slurmdb_connection_close(&raw_);
}

Result<void*> Session::open() {
    if (!connection_) {
        // One at a time: which socket is whose is told by who was last.
        static std::mutex opening;
        const std::lock_guard<std::mutex> alone(opening);
        Result<SlurmdbConnection> fresh = SlurmdbConnection::open();
        if (!fresh)
            return std::move(fresh).error().in("slurmdbd");
        connection_.emplace(std::move(*fresh));
        latency_.connected();
    }
    return connection_->get();
}

void Session::refresh() {
    if (!connection_)
        return;
    // A roll-back. When it fails, the connection is closed and the next call opens a new one.
    const Result<void> done =
        status("refresh", [](void* db) { return slurmdb_connection_commit(db, false); });
    static_cast<void>(done);
}

void Session::close() {
    latency_.closed();
    connection_.reset();
}

Error Session::failed(std::string_view what, int number) {
    close();
    return slurm_error(what, number);
}

Error slurm_error(std::string_view what, int number) {
    Error error{Errc::unavailable, "slurmdbd: "};
    error.context.append(what).append(": ");
    switch (number) {
    case 0:
        error.context += "no answer";
        break;
    case ESLURM_ACCESS_DENIED:
    case EACCES:
    case EPERM:
        error.code = Errc::refused;
        error.context.append(slurm_strerror(number)).append("; ").append(rights_remedy());
        break;
    case ETIMEDOUT:
    case SLURM_PROTOCOL_SOCKET_IMPL_TIMEOUT:
        error.code = Errc::timeout;
        error.context += slurm_strerror(number);
        break;
    default:
        error.context += slurm_strerror(number);
    }
    return error;
}

std::string own_name() {
    std::array<char, 4096> space;
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(geteuid(), &entry, space.data(), space.size(), &found) != 0 || found == nullptr)
        return std::to_string(geteuid());
    return found->pw_name;
}

std::string rights_remedy() {
    const std::string name = own_name();
    return "ask a Slurm administrator to run: sacctmgr modify user " + name +
           " set adminlevel=operator; if slurmdbd has no user " + name + ": sacctmgr add user " +
           name + " account=root adminlevel=operator";
}

} // namespace sluice::slurm
