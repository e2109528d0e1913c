// SPDX-License-Identifier: GPL-2.0-or-later
// Little-endian bytes, written and read one by one: no struct is ever copied to or from the wire.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::wire {

class Writer {
public:
    void u8(std::uint8_t value) { put(value); }
    void u16(std::uint16_t value) { put(value); }
    void u32(std::uint32_t value) { put(value); }
    void u64(std::uint64_t value) { put(value); }
    void i64(std::int64_t value) { put(static_cast<std::uint64_t>(value)); }
    // u16 length, then the bytes. A longer text than `most` makes the whole message fail.
    void text(std::string_view value, std::size_t most) {
        if (value.size() > most || value.size() > UINT16_MAX) {
            overflow_ = true;
            return;
        }
        u16(static_cast<std::uint16_t>(value.size()));
        out_ += value;
    }
    // u32 count of the records that follow.
    void count(std::size_t value) {
        overflow_ = overflow_ || value > UINT32_MAX;
        u32(static_cast<std::uint32_t>(value));
    }
    void raw(std::string_view bytes) { out_ += bytes; }

    bool overflow() const { return overflow_; }
    std::size_t size() const { return out_.size(); }
    std::string take() { return std::move(out_); }

private:
    template <std::unsigned_integral T>
    void put(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i)
            out_ += static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff);
    }

    std::string out_;
    bool overflow_ = false;
};

// Reading past the end, or a text longer than allowed, makes ok() false for good and yields zeros:
// callers check once, at the end, before they use anything.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    std::uint8_t u8() { return get<std::uint8_t>(); }
    std::uint16_t u16() { return get<std::uint16_t>(); }
    std::uint32_t u32() { return get<std::uint32_t>(); }
    std::uint64_t u64() { return get<std::uint64_t>(); }
    std::int64_t i64() { return static_cast<std::int64_t>(get<std::uint64_t>()); }
    std::string_view text(std::size_t most) {
        const std::size_t length = u16();
        if (length > most) {
            ok_ = false;
            return {};
        }
        return raw(length);
    }
    // A count of records that take at least `least` bytes each: what cannot be there is refused
    // before anything is allocated for it.
    std::size_t count(std::size_t least) {
        const std::size_t value = u32();
        if (value > rest_.size() / least)
            ok_ = false;
        return ok_ ? value : 0;
    }
    std::string_view raw(std::size_t length) {
        if (!ok_ || length > rest_.size()) {
            ok_ = false;
            return {};
        }
        const std::string_view out = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return out;
    }
    std::string_view rest() { return raw(rest_.size()); }
    void fail() { ok_ = false; }

    bool ok() const { return ok_; }
    // Everything was read and nothing was missing.
    bool done() const { return ok_ && rest_.empty(); }

private:
    template <std::unsigned_integral T>
    T get() {
        const std::string_view bytes = raw(sizeof(T));
        if (bytes.size() != sizeof(T))
            return 0;
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i)
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
        return static_cast<T>(value);
    }

    std::string_view rest_;
    bool ok_ = true;
};

} // namespace sluice::wire
