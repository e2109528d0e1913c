// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/command.hpp"

namespace sluice::cli {
namespace {

void line(std::FILE* file, std::string_view prefix, std::string_view what) {
    std::string text(prefix);
    text += what;
    text += '\n';
    std::fwrite(text.data(), 1, text.size(), file);
}

} // namespace

const Subcommand* find_subcommand(std::string_view name) {
    for (const auto& each : subcommands())
        if (each.name == name)
            return &each;
    return nullptr;
}

int complain(const Context& context, std::string_view what) {
    line(context.err, "sluice: error: ", what);
    return kFailed;
}

int complain(const Context& context, const Error& error) {
    Rounds* rounds = context.rounds;
    if (rounds != nullptr && !rounds->running && error.code == Errc::conflict &&
        !rounds->clusters.empty())
        return kFailed; // it is asked for each of them
    if (rounds != nullptr && rounds->running && error.code == Errc::not_found) {
        rounds->missing.push_back(error.context);
        return kFailed;
    }
    return complain(context, error.context);
}

void warn(const Context& context, std::string_view what) {
    if (!context.quiet)
        line(context.err, "sluice: warning: ", what);
}

void print(const Context& context, std::string_view text) {
    if (context.rounds != nullptr && !context.rounds->before.empty()) {
        const std::string before = std::move(context.rounds->before);
        context.rounds->before.clear();
        std::fwrite(before.data(), 1, before.size(), context.out);
    }
    std::fwrite(text.data(), 1, text.size(), context.out);
}

} // namespace sluice::cli
