// SPDX-License-Identifier: GPL-2.0-or-later
// Sums of one slice and their text; must not know libslurm.
#include "daemon/slurm/day_totals.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

namespace sluice::slurm {
namespace {

Window within(const EndedJob& job, Window time) {
    return {std::max(job.begin, time.begin), std::min(job.end, time.end)};
}

bool overlaps(const EndedJob& job, Window time) {
    const Window part = within(job, time);
    return part.begin < part.end;
}

// The parts between tabs, empty ones included (a user may be "").
template <std::size_t N>
std::optional<std::array<std::string_view, N>> fields(std::string_view line) {
    std::array<std::string_view, N> parts;
    for (std::size_t i = 0; i < N; ++i) {
        const auto tab = line.find('\t');
        if ((tab == std::string_view::npos) != (i + 1 == N))
            return std::nullopt;
        parts[i] = line.substr(0, tab);
        line.remove_prefix(i + 1 == N ? line.size() : tab + 1);
    }
    return parts;
}

constexpr std::pair<char, std::string_view> kEscapes[] = {
    {'%', "%25"}, {'\t', "%09"}, {'\n', "%0A"}};

std::string escaped(std::string_view name) {
    std::string text;
    for (const char letter : name) {
        const auto* escape = std::find_if(std::begin(kEscapes), std::end(kEscapes),
                                          [&](const auto& one) { return one.first == letter; });
        if (escape == std::end(kEscapes))
            text += letter;
        else
            text += escape->second;
    }
    return text;
}

std::string unescaped(std::string_view text) {
    std::string name;
    while (!text.empty()) {
        const auto* escape =
            std::find_if(std::begin(kEscapes), std::end(kEscapes),
                         [&](const auto& one) { return text.starts_with(one.second); });
        const bool plain = escape == std::end(kEscapes);
        name += plain ? text.front() : escape->first;
        text.remove_prefix(plain ? 1 : escape->second.size());
    }
    return name;
}

bool read_sums(std::string_view text, TresSums& sums) {
    for (const std::string& part : split(text, ',')) {
        const auto equals = part.find('=');
        if (equals == std::string::npos)
            return false;
        const auto id = whole_number<std::uint32_t>(std::string_view{part}.substr(0, equals));
        const auto sum = whole_number<Amount>(std::string_view{part}.substr(equals + 1));
        if (!id || !sum)
            return false;
        sums[*id] = *sum;
    }
    return true;
}

bool read_line(std::string_view line, std::vector<Piece>& pieces) {
    const auto parts = fields<3>(line);
    if (!parts)
        return false;
    const auto& [first, second, third] = *parts;
    // No account's line has a bare number for its sums.
    if (first == "P" && third.find('=') == std::string_view::npos) {
        const auto begin = whole_number<std::int64_t>(second);
        const auto end = whole_number<std::int64_t>(third);
        if (!begin || !end)
            return false;
        pieces.push_back({{instant(*begin), instant(*end)}, {}});
        return true;
    }
    return !pieces.empty() &&
           read_sums(third, pieces.back().sums[unescaped(first)][unescaped(second)]);
}

Result<std::string> text_of_sums(const TresSums& sums) {
    std::string text;
    for (const auto& [id, sum] : sums) {
        const auto whole = narrow(sum);
        if (!whole)
            return Error{Errc::overflow, "usage does not fit"};
        text += (text.empty() ? "" : ",") + std::to_string(id) + '=' + std::to_string(*whole);
    }
    return text;
}

} // namespace

std::vector<Window> pieces_of_time(const std::vector<EndedJob>& jobs,
                                   const std::set<Instant>& cuts) {
    if (jobs.empty())
        return {};
    Window all{jobs.front().begin, jobs.front().end};
    for (const EndedJob& job : jobs)
        all = {std::min(all.begin, job.begin), std::max(all.end, job.end)};
    std::vector<Window> pieces;
    for (auto cut = cuts.upper_bound(all.begin); cut != cuts.end() && *cut < all.end; ++cut) {
        pieces.push_back({all.begin, *cut});
        all.begin = *cut;
    }
    pieces.push_back(all);
    return pieces;
}

bool needs_suspensions(const std::vector<EndedJob>& jobs, Window time) {
    return std::any_of(jobs.begin(), jobs.end(), [&](const EndedJob& job) {
        return job.suspended > 0 && overlaps(job, time);
    });
}

Piece piece_of(const std::vector<EndedJob>& jobs, Window time, const Suspensions& suspensions) {
    Piece piece{time, {}};
    for (const EndedJob& job : jobs) {
        if (!overlaps(job, time))
            continue;
        const Window part = within(job, time);
        JobRecord one;
        one.begin = part.begin;
        one.end = part.end;
        one.tres = job.tres;
        const auto found = suspensions.by_record.find(job.db_index);
        if (job.suspended > 0 && found != suspensions.by_record.end())
            one.suspended = found->second;
        TresSums& sums = piece.sums[job.account][job.user];
        for (const auto& [tres, amount] : tres_seconds(one))
            sums[tres] += amount;
    }
    return piece;
}

bool fits(const std::vector<Window>& pieces, const std::set<Instant>& cuts) {
    return std::none_of(pieces.begin(), pieces.end(), [&](const Window& piece) {
        const auto cut = cuts.upper_bound(piece.begin);
        return cut != cuts.end() && *cut < piece.end;
    });
}

Result<std::string> text_of_pieces(const std::vector<Piece>& pieces) {
    std::string text;
    for (const Piece& piece : pieces) {
        text += "P\t" + std::to_string(epoch(piece.time.begin)) + '\t' +
                std::to_string(epoch(piece.time.end)) + '\n';
        for (const auto& [account, users] : piece.sums)
            for (const auto& [user, sums] : users) {
                const auto figures = text_of_sums(sums);
                if (!figures)
                    return Error{figures.error()}.in(account);
                text += escaped(account) + '\t' + escaped(user) + '\t' + *figures + '\n';
            }
    }
    return text;
}

std::optional<std::vector<Piece>> pieces_of_text(std::string_view text) {
    std::vector<Piece> pieces;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos || !read_line(text.substr(0, end), pieces))
            return std::nullopt;
        text.remove_prefix(end + 1);
    }
    return pieces;
}

} // namespace sluice::slurm
