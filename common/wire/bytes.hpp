// SPDX-License-Identifier: GPL-2.0-or-later
// Little-endian bytes, written and read one by one: no struct is ever copied to or from the wire.
// Writer and Reader both have field(), so that one list of the fields of a record serves both ways.
#pragma once

#include "common/base/clock.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sluice::wire {

class Writer {
public:
    static constexpr bool kReads = false;

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
    template <std::integral T>
    void field(T value) {
        put(static_cast<std::make_unsigned_t<T>>(value));
    }
    void field(bool value) { u8(value ? 1 : 0); }
    void field(Instant value) { i64(epoch(value)); }
    void field(std::string_view value, std::size_t most) { text(value, most); }

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
    static constexpr bool kReads = true;

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
    // A count of records that take at least one byte each: what cannot be there is refused.
    std::size_t count() {
        const std::size_t value = u32();
        if (value > rest_.size())
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
    std::size_t left() const { return rest_.size(); }
    void fail() { ok_ = false; }
    template <std::integral T>
    void field(T& value) {
        value = static_cast<T>(get<std::make_unsigned_t<T>>());
    }
    void field(bool& value) {
        const std::uint8_t byte = u8();
        ok_ = ok_ && byte <= 1;
        value = byte == 1;
    }
    // Seconds far outside of any calendar would overflow later arithmetic.
    void field(Instant& value) {
        constexpr std::int64_t kFar = std::int64_t{1} << 40; // the year 36812
        const std::int64_t seconds = i64();
        ok_ = ok_ && seconds >= -kFar && seconds <= kFar;
        value = ok_ ? instant(seconds) : Instant{};
    }
    void field(std::string& value, std::size_t most) { value = text(most); }

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

// What a list of fields takes: read into, or written from.
template <class Io, class Record>
using Of = std::conditional_t<Io::kReads, Record, const Record>;

namespace detail {

inline constexpr std::uint32_t kPolynomial = 0x82f63b78; // 0x1edc6f41 with its bits reversed

inline constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value & 1) != 0 ? (value >> 1) ^ kPolynomial : value >> 1;
        table[i] = value;
    }
    return table;
}

inline constexpr auto kTable = make_table();

} // namespace detail

// CRC-32C (Castagnoli, reflected, RFC 3720 appendix B.4): finds damage, not malice.
inline std::uint32_t crc32c(std::string_view bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const char c : bytes)
        crc = (crc >> 8) ^ detail::kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
    return crc ^ 0xffffffff;
}

} // namespace sluice::wire
