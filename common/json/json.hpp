// SPDX-License-Identifier: GPL-2.0-or-later
// JSON values over jansson, whose header stays in this folder. Value owns, View looks. Building
// throws std::bad_alloc only; reading never throws: what is absent or of another type reads as the
// fallback.
#pragma once

#include "common/base/decimal.hpp"
#include "common/base/result.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct json_t;

namespace sluice::json {

struct Release {
    void operator()(json_t* raw) const noexcept;
};
// The one owner of a reference. jansson's *_new calls take the reference even when they fail, so
// release() goes only into those.
using JsonRef = std::unique_ptr<json_t, Release>;

// Valid as long as the Value that it looks into. A View of nothing is legal and reads as absent.
class View {
public:
    View() = default;
    explicit View(const json_t* raw) : raw_(raw) {}

    bool exists() const { return raw_ != nullptr; }
    bool is_object() const;
    bool is_array() const;
    bool is_string() const;
    bool is_integer() const;
    bool is_number() const;
    bool is_bool() const;
    bool is_null() const;

    View operator[](std::string_view key) const;
    View at(std::size_t index) const;
    std::size_t size() const; // of an array or object; else 0
    std::vector<std::string> keys() const;
    std::vector<View> items() const; // of an array; else none

    std::string text(std::string_view fallback = "") const;
    std::int64_t integer(std::int64_t fallback = 0) const;
    double number(double fallback = 0) const; // also of an integer; for people to read
    bool boolean(bool fallback = false) const;
    std::vector<std::string> texts() const; // the strings of an array
    class Value copy() const;               // a value of its own
    std::string compact() const;            // as Value::compact()

private:
    const json_t* raw_ = nullptr;
};

class Value {
public:
    Value(); // null
    Value(bool flag);
    Value(const char* text) : Value(std::string_view(text)) {}
    Value(const std::string& text) : Value(std::string_view(text)) {}
    // Bytes that are not UTF-8, and NUL, become U+FFFD: Slurm's names and comments may hold
    // anything.
    Value(std::string_view text);
    template <std::integral T>
    requires(!std::same_as<T, bool>) Value(T number) : Value(integer(number)) {}
    Value(const std::vector<std::string>& texts);
    template <class T>
    Value(const std::optional<T>& maybe) : Value(maybe ? Value(*maybe) : Value()) {}

    static Value object();
    static Value array();
    // scaled / 10^places, exactly as far as 15 digits reach; an integer when it is whole.
    // REQUIRES: 0 <= places <= 9
    static Value decimal(std::int64_t scaled, int places);

    // REQUIRES: an object. Returns itself, to be chained.
    Value& set(std::string_view key, Value value);
    // Drops all other keys. REQUIRES: an object
    Value& keep(const std::vector<std::string>& keys);
    // REQUIRES: an array
    Value& append(Value value);
    // Every text in it, but for keys, becomes what `change` makes of it. REQUIRES: owned by this
    // Value alone
    void each_text(const std::function<std::string(std::string_view)>& change);

    View view() const { return View(raw_.get()); }
    View operator[](std::string_view key) const { return view()[key]; }
    // Keys in the order of their setting, so that equal values give equal bytes. Harmless to print:
    // what printable() writes out is escaped.
    std::string compact() const;
    std::string indented() const;

private:
    friend Value View::copy() const;
    friend Result<Value> parse(std::string_view text, struct Bounds bounds);
    explicit Value(JsonRef raw) : raw_(std::move(raw)) {}
    template <std::integral T>
    static Value integer(T number) {
        return of_integer(std::in_range<std::int64_t>(number) ? static_cast<std::int64_t>(number)
                                                              : INT64_MAX);
    }
    static Value of_integer(std::int64_t number);
    std::string dump(std::size_t flags) const;
    JsonRef raw_;
};

struct Bounds {
    std::size_t bytes = 64 * 1024;
    std::size_t depth = 16; // nested arrays and objects
};

// Objects and arrays only; a key twice in an object is an error. malformed: with line and column.
Result<Value> parse(std::string_view text, Bounds bounds = {});

// Of a number, or of a text that is one, as it was written: 0.1 is 0.1. nullopt: neither, or out of
// Decimal's range.
std::optional<Decimal> decimal_of(View value);

} // namespace sluice::json
