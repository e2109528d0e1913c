// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/rpc/connection.hpp"

#include "daemon/slurm/rpc/libslurm.hpp"
#include "daemon/slurm/rpc/rights.hpp"

#include <mutex>

namespace sluice::slurm {

Result<void*> Session::open() {
    if (!connection_) {
        if (Result<void> ready = start_libslurm(); !ready)
            return std::move(ready).error().in("slurmdbd");
        // One at a time: LowLatency takes the newest socket for that of this session.
        static std::mutex opening;
        const std::lock_guard<std::mutex> alone(opening);
        std::uint16_t flags = 0;
        // While slurmdbd is away there is a handle as well; the first call fails.
        connection_.reset(slurmdb_connection_get(&flags));
        if (!connection_)
            return Error{Errc::unavailable, "slurmdbd: no connection"};
        latency_.connected();
    }
    return connection_.get();
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

} // namespace sluice::slurm
