// SPDX-License-Identifier: GPL-2.0-or-later
// An error value and "value or error". std::expected is C++23; this keeps its spelling so that it
// can be swapped later.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sluice {

// What the caller can do about an error, not which part failed.
enum class Errc {
    unavailable, // the other side is away: try again later
    timeout,     // no answer in time: try again later
    refused,     // not allowed, or a rule of the other side: a person must act
    not_found,   // the named thing does not exist
    malformed,   // input that cannot be understood
    conflict,    // changed meanwhile by another writer: read again
    overflow,    // a figure that does not fit
    internal,    // a fault of ours
};

// `context` reads outward-in: "slurmdbd: associations: Connection refused".
struct Error {
    Errc code = Errc::internal;
    std::string context;

    Error in(std::string_view where) && {
        context.insert(0, ": ").insert(0, where);
        return std::move(*this);
    }
};

template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    // REQUIRES: has_value()
    T& value() & { return std::get<0>(held_); }
    const T& value() const& { return std::get<0>(held_); }
    T&& value() && { return std::get<0>(std::move(held_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    // REQUIRES: !has_value()
    Error& error() & { return std::get<1>(held_); }
    const Error& error() const& { return std::get<1>(held_); }
    Error&& error() && { return std::get<1>(std::move(held_)); }

private:
    std::variant<T, Error> held_;
};

struct Unit {};

template <>
class [[nodiscard]] Result<void> : public Result<Unit> {
public:
    Result() : Result<Unit>(Unit{}) {}
    Result(Error error) : Result<Unit>(std::move(error)) {}
};

} // namespace sluice
