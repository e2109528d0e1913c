// SPDX-License-Identifier: GPL-2.0-or-later
// The edge of this folder: what is thrown inside becomes an Error here.
#pragma once

#include "daemon/storage/database.hpp"

#include <type_traits>

namespace sluice::sqlite {

// Nothing thrown leaves the adapter.
template <class Body>
auto at_port(const char* what, Body&& body) -> Result<decltype(body())> {
    try {
        if constexpr (std::is_void_v<decltype(body())>) {
            body();
            return {};
        } else {
            return body();
        }
    } catch (const Failure& failure) {
        return Error(failure.error()).in(what).in("journal");
    } catch (const std::exception& fault) {
        return Error{Errc::internal, fault.what()}.in(what).in("journal");
    }
}

} // namespace sluice::sqlite
