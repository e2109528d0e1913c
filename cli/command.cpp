// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/command.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {
namespace {

// All that the program prints passes here.
void write(std::FILE* file, std::string_view text) {
    const std::string shown = printable(text, Breaks::kept);
    std::fwrite(shown.data(), 1, shown.size(), file);
}

// Each line gets the prefix: a line break in a name cannot start a line of its own.
void lines(std::FILE* file, std::string_view prefix, std::string_view what) {
    std::string text;
    for (const auto& line : split(what, '\n'))
        text.append(prefix).append(line) += '\n';
    write(file, text);
}

} // namespace

int complain(const Context& context, std::string_view what) {
    lines(context.err, "sluice: error: ", what);
    return kFailed;
}

int complain(const Context& context, const Error& error) {
    ClusterRuns* runs = context.runs;
    if (runs != nullptr && !runs->running && error.code == Errc::conflict &&
        !runs->clusters.empty())
        return kFailed; // the command runs again for each cluster
    if (runs != nullptr && runs->running && error.code == Errc::not_found) {
        runs->missing.push_back(error.context);
        return kFailed;
    }
    return complain(context, error.context);
}

void warn(const Context& context, std::string_view what) {
    if (!context.quiet)
        lines(context.err, "sluice: warning: ", what);
}

void note(const Context& context, std::string_view what) {
    if (!context.quiet)
        lines(context.err, "sluice: ", what);
}

void trace(const Context& context, std::string_view what) {
    if (context.verbose > 0)
        lines(context.err, "sluice: ", what);
}

void print(const Context& context, std::string_view text) {
    print_coloured(context, printable(text, Breaks::kept));
}

void print_coloured(const Context& context, std::string_view text) {
    if (context.runs != nullptr && !context.runs->before.empty()) {
        const std::string before = std::move(context.runs->before);
        context.runs->before.clear();
        write(context.out, before);
    }
    std::fwrite(text.data(), 1, text.size(), context.out);
}

} // namespace sluice::cli
