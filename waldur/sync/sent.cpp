// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/sent.hpp"

#include "common/base/text.hpp"

namespace sluice::waldur {
namespace {

// Kinds of notes. Keys: "UUID:paused", "UUID:2026-11"; of the others the resource's UUID.
constexpr const char* kFlagNote = "waldur-flag";
constexpr const char* kUsageNote = "waldur-usage"; // "closed;cpu_hours=1234;node_hours=0"
constexpr const char* kUsersNote = "waldur-users";
constexpr const char* kLastUsersNote = "waldur-users-last";
constexpr const char* kUsersDueNote = "waldur-users-due"; // "1"
constexpr const char* kMetadataNote = "waldur-metadata";

// Instants are whole seconds: a request in the second of the answer may be before or after it.
bool is_settled(const AskedFlag* asked, Instant began) {
    return asked == nullptr || (asked->confirmed && *asked->confirmed < began);
}

std::string text_of(const SentUsage& sent) {
    std::string text = sent.closed ? "closed" : "open";
    for (const auto& [component, units] : sent.units)
        text += ';' + component + '=' + std::to_string(units);
    return text;
}

SentUsage usage_of(const std::string& text) {
    SentUsage sent;
    for (const auto& part : split(text, ';')) {
        const std::size_t equals = part.rfind('=');
        sent.closed = sent.closed || part == "closed";
        if (equals != std::string::npos)
            if (const auto units = whole_number(part.substr(equals + 1)))
                sent.units[part.substr(0, equals)] = *units;
    }
    return sent;
}

std::optional<AskedFlag> flag_of(const std::string& text) {
    const auto parts = split(text, ' ');
    if (parts.size() < 2 || parts.size() > 3 || (parts[0] != "0" && parts[0] != "1"))
        return std::nullopt;
    const auto asked = whole_number(parts[1]);
    const auto confirmed = parts.size() == 3 ? whole_number(parts[2]) : std::nullopt;
    if (!asked || (parts.size() == 3 && !confirmed))
        return std::nullopt;
    AskedFlag flag{parts[0] == "1", instant(*asked), std::nullopt};
    if (confirmed)
        flag.confirmed = instant(*confirmed);
    return flag;
}

} // namespace

const char* name(Flag flag) {
    return flag == Flag::paused ? "paused" : "downscaled";
}

bool is_foreign(bool shown, const AskedFlag* asked, Instant began) {
    if (asked == nullptr)
        return shown;
    return shown && is_settled(asked, began) && !asked->value;
}

std::optional<bool> to_ask(bool wanted, bool shown, const AskedFlag* asked, Instant began) {
    const bool known = is_settled(asked, began) ? shown : asked->value;
    if (wanted == known)
        return std::nullopt;
    if (!wanted && (asked == nullptr || !asked->value))
        return std::nullopt; // a person's
    return wanted;
}

bool is_over(bool shown, const AskedFlag& asked, Instant began) {
    return is_settled(&asked, began) && (!shown || !asked.value);
}

void Sent::update(const Sent& newer) {
    const auto update = [](auto& all, const auto& some) {
        for (const auto& [key, value] : some)
            all[key] = value;
    };
    update(flags, newer.flags);
    update(usage, newer.usage);
    update(users, newer.users);
    update(metadata, newer.metadata);
}

std::string text_of(const AskedFlag& flag) {
    return std::string(flag.value ? "1 " : "0 ") + std::to_string(epoch(flag.asked)) +
           (flag.confirmed ? ' ' + std::to_string(epoch(*flag.confirmed)) : "");
}

ports::Note note_without(const FlagKey& flag) {
    return {kFlagNote, flag.first + ':' + name(flag.second), ""};
}

std::vector<ports::Note> notes_of(const Sent& sent) {
    std::vector<ports::Note> notes;
    for (const auto& [key, flag] : sent.flags)
        notes.push_back({kFlagNote, key.first + ':' + name(key.second), text_of(flag)});
    for (const auto& [key, usage] : sent.usage)
        notes.push_back({kUsageNote, key.first + ':' + key.second, text_of(usage)});
    for (const auto& [resource, users] : sent.users) {
        notes.push_back({kUsersNote, resource, users.current});
        notes.push_back({kLastUsersNote, resource, users.last});
        notes.push_back({kUsersDueNote, resource, users.due ? "1" : ""});
    }
    for (const auto& [resource, text] : sent.metadata)
        notes.push_back({kMetadataNote, resource, text});
    return notes;
}

Sent load_sent(ports::Notes& notes) {
    Sent sent;
    const auto load = [&](const char* kind, const auto& take) {
        if (const auto found = notes.notes(kind))
            for (const auto& [key, text] : *found) {
                const auto colon = key.find(':');
                take(key.substr(0, colon), colon == std::string::npos ? "" : key.substr(colon + 1),
                     text);
            }
    };
    using Text = const std::string&;
    load(kFlagNote, [&](Text resource, Text rest, Text text) {
        const Flag flag = rest == name(Flag::paused) ? Flag::paused : Flag::downscaled;
        if (const auto asked = flag_of(text); asked && rest == name(flag))
            sent.flags.emplace(FlagKey{resource, flag}, *asked);
    });
    load(kUsageNote, [&](Text resource, Text month, Text text) {
        sent.usage.emplace(ResourceMonth{resource, month}, usage_of(text));
    });
    load(kUsersNote, [&](Text resource, Text, Text text) { sent.users[resource].current = text; });
    load(kLastUsersNote, [&](Text resource, Text, Text text) { sent.users[resource].last = text; });
    load(kUsersDueNote, [&](Text resource, Text, Text) { sent.users[resource].due = true; });
    load(kMetadataNote, [&](Text resource, Text, Text text) { sent.metadata[resource] = text; });
    return sent;
}

} // namespace sluice::waldur
