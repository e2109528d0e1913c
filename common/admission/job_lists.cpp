// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/admission/job_lists.hpp"

#include "common/base/text.hpp"

namespace sluice::admission {
namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
bool is_space(char c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct Number {
    std::uint64_t value = 0; // at most kMaxFigure
    bool negative = false;
    bool any = false; // it has a digit
};

// As strtol(): blanks, a sign, digits; without a digit nothing is taken and the value is 0.
inline Number take_number(std::string_view& text) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    Number number;
    if (at != end && !is_digit(*at)) {
        while (at != end && is_space(*at))
            ++at;
        if (at != end && (*at == '+' || *at == '-'))
            number.negative = *at++ == '-';
    }
    const char* const first = at;
    for (; at != end && is_digit(*at); ++at)
        if (number.value < kMaxFigure)
            number.value = number.value * 10 + static_cast<std::uint64_t>(*at - '0');
    if (at == first)
        return {};
    number.value = std::min(number.value, kMaxFigure);
    number.any = true;
    text = std::string_view(at, static_cast<std::size_t>(end - at));
    return number;
}

// First index, last index, step, and what follows '%'.
using IndexRange = std::array<std::uint32_t, 4>;

// What a byte of a job array does to the number that is being read, and where the next digit goes.
struct Effect {
    std::uint32_t times; // of the number so far
    std::uint32_t plus;
    std::uint32_t part;   // of the range: at least this one from here on
    std::uint32_t inside; // ~0: the item goes on; 0: it ends
};
constexpr auto kEffects = [] {
    std::array<Effect, 256> out{};
    out.fill({1, 0, 0, ~0U}); // not by default members: g++ 12 leaves those out of a constant table
    for (unsigned digit = 0; digit < 10; ++digit)
        out['0' + digit] = {10, digit, 0, ~0U};
    out['-'] = {0, 0, 1, ~0U};
    out[':'] = {0, 0, 2, ~0U};
    out['%'] = {0, 0, 3, ~0U};
    out[','] = {0, 0, 0, 0};
    return out;
}();

class IndexRanges {
public:
    void add(const IndexRange& range) noexcept {
        const std::uint32_t first = range[0];
        const std::uint32_t last = std::max(first, range[1]); // 0: not given
        const std::uint32_t step = range[2];
        const std::uint32_t distance = last - first;
        sum_ += std::uint64_t{1} + (step > 1 ? distance / step : distance);
        first_ = std::min(first_, first);
        last_ = std::max(last_, last);
    }
    // Never more than from the first index to the last: exact for ranges that overlap without a
    // gap, and for any that do not overlap, in any order.
    std::uint64_t tasks() const noexcept {
        return sum_ == 0 ? 1 : std::min({sum_, std::uint64_t{last_ - first_} + 1, kMaxFigure});
    }

private:
    std::uint64_t sum_ = 0;
    std::uint32_t first_ = UINT32_MAX;
    std::uint32_t last_ = 0;
};

// "" is 1, "k" and "kib" 1024, "kb" 1000 and so on; 0: none. suffix_mult() of Slurm's
// src/common/slurm_protocol_defs.c.
std::uint64_t multiplier(std::string_view suffix) noexcept {
    if (suffix.empty())
        return 1;
    const std::size_t power = std::string_view("kmgtp").find(folded(suffix[0]));
    if (power == std::string_view::npos)
        return 0;
    std::uint64_t base = 1024;
    if (suffix.size() == 2 && folded(suffix[1]) == 'b')
        base = 1000;
    else if (suffix.size() != 1 &&
             !(suffix.size() == 3 && folded(suffix[1]) == 'i' && folded(suffix[2]) == 'b'))
        return 0;
    std::uint64_t out = 1;
    for (std::size_t i = 0; i <= power; ++i)
        out *= base;
    return out;
}

// _is_valid_number() of the same file. 22.05 takes signs, too, and a negative count wraps around.
std::optional<std::uint64_t> gres_number(std::string_view text) noexcept {
    const Number number = take_number(text);
    const std::uint64_t times = multiplier(text);
    if (!number.any || times == 0)
        return std::nullopt;
    return number.negative ? kMaxFigure : product(number.value, times);
}

} // namespace

// As slurm_parse_array_tok() of src/common/slurm_protocol_defs.c (_parse_array_tok() of job_mgr.c
// up to 25.11) reads each item: brackets, blanks and plus signs change nothing, and numbers are 32
// bits wide, as 22.05 had them at first.
//
// No branch in the loop over the bytes depends on them: a client chooses them, and each wrong guess
// of the processor costs as much as five bytes.
std::uint64_t array_tasks(std::string_view indices) noexcept {
    constexpr std::size_t kBlock = 64;
    std::array<IndexRange, kBlock / 2 + 2> read; // of a block; each is cleared before its turn
    read[0] = {};
    IndexRanges ranges;
    std::uint32_t value = 0;
    std::uint32_t part = 0;
    std::uint32_t in_item = 0; // 1: the byte before belongs to an item
    while (!indices.empty()) {
        std::size_t count = 0;
        for (const char byte : indices.substr(0, kBlock)) {
            const Effect& effect = kEffects[static_cast<unsigned char>(byte)];
            read[count + 1] = {};
            value = value * effect.times + effect.plus;
            part = std::max(part, effect.part) & effect.inside;
            count += in_item & ~effect.inside;
            in_item = effect.inside & 1;
            read[count][part] = value;
        }
        for (std::size_t i = 0; i < count; ++i)
            ranges.add(read[i]);
        read[0] = read[count]; // goes on in the next block
        indices.remove_prefix(std::min(kBlock, indices.size()));
    }
    if (in_item != 0)
        ranges.add(read[0]);
    return ranges.tasks();
}

std::uint64_t hosts(std::string_view list) noexcept {
    std::uint64_t sum = 0;
    std::uint64_t item = 0; // hosts of the present one; 0: none begun
    std::uint64_t group = 0;
    std::uint64_t first = 0;
    std::uint64_t number = 0;
    bool range = false;
    bool inside = false; // brackets
    for (const char c : list) {
        if (inside && is_digit(c)) {
            number = std::min(number * 10 + static_cast<std::uint64_t>(c - '0'), kMaxFigure);
        } else if (inside && c == '-') {
            first = number;
            number = 0;
            range = true;
        } else if (inside && (c == ',' || c == ']')) {
            group += range && number >= first ? number - first + 1 : 1;
            number = 0;
            range = false;
            if (c == ']') {
                item = product(item, group);
                inside = false;
            }
        } else if (!inside && (c == ',' || is_space(c))) {
            sum += item;
            item = 0;
        } else if (!inside) {
            item = std::max<std::uint64_t>(item, 1);
            if (c == '[') {
                inside = true;
                group = 0;
            }
        }
    }
    return std::min(sum + item, kMaxFigure);
}

// slurm_get_next_tres() of Slurm's src/common/slurm_protocol_defs.c, _get_next_gres() of
// src/common/gres.c in 22.05, which find "gres" anywhere in the item. One pass over the bytes, as a
// client chooses them: find() of a word takes ten times as long where its first letter repeats.
std::optional<Gres> take_gres(std::string_view& rest) noexcept {
    constexpr std::size_t kNone = std::string_view::npos;
    std::size_t begin = 0;
    bool prefix = false;
    std::size_t end = kNone;         // of what counts: '(' begins the sockets
    std::size_t equals = kNone;      // the last
    std::size_t colon = kNone;       // the last
    std::size_t first_colon = kNone; // of all
    std::size_t at = 0;
    for (; at < rest.size() && rest[at] != ',' && rest[at] != ';'; ++at) {
        const char c = rest[at];
        if (c == 's' && !prefix && at >= 3 && rest.substr(at - 3, 4) == "gres") {
            prefix = true;
            begin = at + 1;
            if (begin < rest.size() && (rest[begin] == '/' || rest[begin] == ':'))
                at = begin++;
            end = equals = colon = first_colon = kNone;
        } else if (end != kNone) {
            continue;
        } else if (c == ':') {
            colon = at;
            first_colon = std::min(first_colon, at);
        } else if (c == '=') {
            equals = at;
        } else if (c == '(') {
            end = at;
        }
    }
    end = std::min(end, at);
    const std::string_view whole = rest.substr(0, end);
    rest.remove_prefix(std::min(at + 1, rest.size()));

    Gres gres{{}, {}, 1};
    const std::size_t last = equals != kNone ? equals : colon;
    if (last != kNone) {
        if (const auto count = gres_number(whole.substr(last + 1))) {
            gres.count = *count;
            end = last;
        } else if (last == equals) {
            return std::nullopt;
        }
    }
    const std::size_t name_end = std::min(first_colon, end);
    gres.name = whole.substr(begin, name_end - begin);
    if (name_end < end)
        gres.type = whole.substr(name_end + 1, end - name_end - 1);
    return gres.name.empty() ? std::nullopt : std::optional(gres);
}

GresList::GresList(std::string_view list) noexcept {
    for (std::size_t items = 0; !list.empty(); ++items) {
        if (items == kMaxGres) {
            complete_ = false;
            return;
        }
        const auto gres = take_gres(list);
        if (!gres)
            continue;
        names_[size_] = gres->name.data();
        types_[size_] = gres->type.data();
        name_bytes_[size_] = static_cast<std::uint32_t>(gres->name.size());
        type_bytes_[size_] = static_cast<std::uint32_t>(gres->type.size());
        counts_[size_] = gres->count;
        ++size_;
    }
}

std::uint64_t GresList::count_of(std::string_view tres) const noexcept {
    if (!tres.starts_with("gres/"))
        return 0;
    if (!complete_)
        return kMaxFigure;
    tres.remove_prefix(5);
    const std::size_t colon = tres.find(':');
    const std::string_view name = tres.substr(0, colon);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < size_; ++i) {
        if (std::string_view(names_[i], name_bytes_[i]) != name)
            continue;
        // Every type counts for the bare name; a type only counts where it was asked for.
        if (colon == std::string_view::npos ||
            std::string_view(types_[i], type_bytes_[i]) == tres.substr(colon + 1))
            sum = std::min(kMaxFigure, sum + counts_[i]);
    }
    return sum;
}

std::uint64_t largest_count(std::string_view list, std::string_view name) noexcept {
    std::uint64_t largest = 0;
    for (std::size_t items = 0; !list.empty(); ++items) {
        if (items == kMaxGres)
            return kMaxFigure;
        const auto gres = take_gres(list);
        if (gres && gres->name == name)
            largest = std::max(largest, gres->count);
    }
    return largest;
}

} // namespace sluice::admission
