// SPDX-License-Identifier: GPL-2.0-or-later
// The only file that calls jansson.
#include "common/json/json.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <jansson.h>
#include <new>
#include <string>

namespace sluice::json {
namespace {

// 15 digits survive text -> double -> text, so what was written is what is read back.
constexpr std::size_t kDumpFlags = JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY;

JsonRef owned(json_t* raw) {
    if (raw == nullptr)
        throw std::bad_alloc();
    return JsonRef(raw);
}

// NUL, too, is replaced: jansson writes it, but refuses to read it.
std::string repaired(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = text.front() == '\0' ? 0 : character_length(text);
        out += length == 0 ? "\xEF\xBF\xBD" : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

void change_texts(json_t* raw, const std::function<std::string(std::string_view)>& change) {
    if (json_is_string(raw)) {
        const std::string now = change({json_string_value(raw), json_string_length(raw)});
        if (json_string_setn(raw, now.data(), now.size()) != 0)
            throw std::bad_alloc();
    }
    for (std::size_t i = 0; i < json_array_size(raw); ++i)
        change_texts(json_array_get(raw, i), change);
    for (void* at = json_object_iter(raw); at != nullptr; at = json_object_iter_next(raw, at))
        change_texts(json_object_iter_value(at), change);
}

int append(const char* buffer, std::size_t size, void* out) {
    try {
        static_cast<std::string*>(out)->append(buffer, size);
        return 0;
    } catch (...) {
        return -1; // nothing may be thrown through C frames
    }
}

std::size_t deepest(std::string_view text) {
    std::size_t depth = 0;
    std::size_t most = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            most = std::max(most, ++depth);
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return most;
}

} // namespace

void Release::operator()(json_t* raw) const noexcept {
    json_decref(raw);
}

bool View::is_object() const {
    return json_is_object(raw_);
}
bool View::is_array() const {
    return json_is_array(raw_);
}
bool View::is_string() const {
    return json_is_string(raw_);
}
bool View::is_integer() const {
    return json_is_integer(raw_);
}
bool View::is_number() const {
    return json_is_number(raw_);
}
bool View::is_bool() const {
    return json_is_boolean(raw_);
}
bool View::is_null() const {
    return json_is_null(raw_);
}

View View::operator[](std::string_view key) const {
    return View(json_object_get(raw_, std::string(key).c_str()));
}

View View::at(std::size_t index) const {
    return View(json_array_get(raw_, index));
}

std::size_t View::size() const {
    return is_object() ? json_object_size(raw_) : json_array_size(raw_);
}

std::vector<std::string> View::keys() const {
    std::vector<std::string> out;
    if (!is_object())
        return out;
    // Iterating changes nothing, but jansson's iterator asks for a mutable object.
    auto* raw = const_cast<json_t*>(raw_);
    for (void* at = json_object_iter(raw); at != nullptr; at = json_object_iter_next(raw, at))
        out.emplace_back(json_object_iter_key(at));
    return out;
}

std::vector<View> View::items() const {
    std::vector<View> out;
    for (std::size_t i = 0; is_array() && i < size(); ++i)
        out.push_back(at(i));
    return out;
}

std::string View::text(std::string_view fallback) const {
    if (!is_string())
        return std::string(fallback);
    return {json_string_value(raw_), json_string_length(raw_)};
}

std::int64_t View::integer(std::int64_t fallback) const {
    return is_integer() ? json_integer_value(raw_) : fallback;
}

double View::number(double fallback) const {
    return is_number() ? json_number_value(raw_) : fallback;
}

bool View::boolean(bool fallback) const {
    return is_bool() ? json_is_true(raw_) : fallback;
}

std::vector<std::string> View::texts() const {
    std::vector<std::string> out;
    for (const View item : items())
        if (item.is_string())
            out.push_back(item.text());
    return out;
}

Value::Value() : raw_(owned(json_null())) {}
Value::Value(bool flag) : raw_(owned(json_boolean(flag))) {}

Value::Value(std::string_view text) : raw_(json_stringn(text.data(), text.size())) {
    if (raw_ && text.find('\0') == std::string_view::npos)
        return;
    const std::string good = repaired(text);
    raw_ = owned(json_stringn(good.data(), good.size()));
}

Value::Value(const std::vector<std::string>& texts) : Value(array()) {
    for (const auto& text : texts)
        append(text);
}

Value Value::of_integer(std::int64_t number) {
    return Value(owned(json_integer(number)));
}

Value Value::object() {
    return Value(owned(json_object()));
}

Value Value::array() {
    return Value(owned(json_array()));
}

Value Value::decimal(std::int64_t scaled, int places) {
    std::int64_t unit = 1;
    for (int i = 0; i < places; ++i)
        unit *= 10;
    if (scaled % unit == 0)
        return of_integer(scaled / unit);
    return Value(owned(json_real(
        static_cast<double>(static_cast<long double>(scaled) / static_cast<long double>(unit)))));
}

Value& Value::set(std::string_view key, Value value) {
    if (json_object_set_new(raw_.get(), repaired(key).c_str(), value.raw_.release()) != 0)
        throw std::bad_alloc();
    return *this;
}

Value& Value::keep(const std::vector<std::string>& keys) {
    for (const auto& key : view().keys())
        if (std::find(keys.begin(), keys.end(), key) == keys.end())
            json_object_del(raw_.get(), key.c_str());
    return *this;
}

Value& Value::append(Value value) {
    if (json_array_append_new(raw_.get(), value.raw_.release()) != 0)
        throw std::bad_alloc();
    return *this;
}

void Value::each_text(const std::function<std::string(std::string_view)>& change) {
    change_texts(raw_.get(), change);
}

std::string Value::dump(std::size_t flags) const {
    std::string out;
    if (json_dump_callback(raw_.get(), json::append, &out, kDumpFlags | flags) != 0)
        throw std::bad_alloc();
    return printable(out, Breaks::kept);
}

Value View::copy() const {
    return raw_ == nullptr ? Value() : Value(owned(json_deep_copy(raw_)));
}

std::string View::compact() const {
    return copy().compact();
}

std::string Value::compact() const {
    return dump(JSON_COMPACT);
}

std::string Value::indented() const {
    return dump(JSON_INDENT(2));
}

Result<Value> parse(std::string_view text, Bounds bounds) {
    if (text.size() > bounds.bytes)
        return Error{Errc::malformed,
                     "JSON: longer than " + std::to_string(bounds.bytes) + " bytes"};
    if (deepest(text) > bounds.depth)
        return Error{Errc::malformed, "JSON: nested deeper than " + std::to_string(bounds.depth)};
    json_error_t error{};
    JsonRef raw(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, &error));
    if (!raw)
        return Error{Errc::malformed, "JSON: line " + std::to_string(error.line) + " column " +
                                          std::to_string(error.column) + ": " + error.text};
    return Value(std::move(raw));
}

// Fifteen digits are what a binary number gives back as they were written.
std::optional<Decimal> decimal_of(View value) {
    if (value.is_string())
        return Decimal::parse(trim(value.text()));
    if (value.is_integer())
        return Decimal::parse(std::to_string(value.integer()));
    if (!value.is_number() || !std::isfinite(value.number()))
        return std::nullopt;
    char text[400];
    std::snprintf(text, sizeof text, "%.15g", value.number());
    if (auto exact = Decimal::parse(text))
        return exact;
    std::snprintf(text, sizeof text, "%.9f", value.number());
    return Decimal::parse(text);
}

} // namespace sluice::json
