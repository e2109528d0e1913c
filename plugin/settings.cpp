// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/settings.hpp"

#include "common/base/text.hpp"

#include <algorithm>

namespace sluice::plugin {
namespace {

constexpr std::size_t kMaxSocket = 107; // sockaddr_un::sun_path with its NUL
constexpr std::int64_t kMaxAge = std::int64_t{10} * 365 * 86'400;

std::optional<bool> yes_or_no(std::string_view value) {
    for (const std::string_view word : {"yes", "true", "1"})
        if (equals_ignoring_case(value, word))
            return true;
    for (const std::string_view word : {"no", "false", "0"})
        if (equals_ignoring_case(value, word))
            return false;
    return std::nullopt;
}

// "900", "900s", "15min", "2h", "1d".
std::optional<std::int64_t> seconds(std::string_view value) {
    const std::size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
    const auto count = whole_number(value.substr(0, digits));
    const std::string unit = lower(trim(value.substr(digits)));
    std::int64_t factor = 0;
    if (unit.empty() || unit == "s" || unit == "sec")
        factor = 1;
    else if (unit == "m" || unit == "min")
        factor = 60;
    else if (unit == "h")
        factor = 3600;
    else if (unit == "d")
        factor = 86'400;
    if (!count || factor == 0 || *count <= 0 || *count > kMaxAge / factor)
        return std::nullopt;
    return *count * factor;
}

// "host:port", "192.0.2.1:port", "[2001:db8::1]:port", "unix:/path".
std::optional<Address> address(std::string_view value) {
    if (constexpr std::string_view kUnix = "unix:"; value.starts_with(kUnix)) {
        value.remove_prefix(kUnix.size());
        if (!value.starts_with('/') || value.size() > kMaxSocket)
            return std::nullopt;
        return Address{std::string(value), ""};
    }
    const std::size_t colon = value.rfind(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    std::string_view host = value.substr(0, colon);
    const std::string_view port = value.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos)
        return std::nullopt;
    if (host.empty() || whole_number<std::uint16_t>(port).value_or(0) == 0)
        return std::nullopt;
    return Address{std::string(host), std::string(port)};
}

class Parser {
public:
    explicit Parser(const UserLookup& lookup) : lookup_(lookup) {}

    void line(std::string_view text) {
        ++line_;
        text = trim(text.substr(0, text.find('#')));
        if (text.empty())
            return;
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos)
            return note("no Key=Value: " + std::string(text));
        std::string_view value = trim(text.substr(equals + 1));
        if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
            value = value.substr(1, value.size() - 2);
        set(trim(text.substr(0, equals)), value);
    }
    ParsedSettings take() { return std::move(out_); }

private:
    struct Key {
        std::string_view name;
        std::string_view expected; // of a value that `set` refuses
        bool (*set)(Parser& parser, std::string_view value);
    };
    static const Key kKeys[];

    void set(std::string_view name, std::string_view value);
    void note(std::string text) {
        // It goes to slurmctld's log: no line breaks or escapes of the file's making.
        std::replace_if(
            text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
        out_.notes.push_back({line_, std::move(text)});
    }

    template <class Target, class Value>
    static bool assign(Target& target, const std::optional<Value>& value) {
        if (value)
            target = *value;
        return value.has_value();
    }
    template <std::string Settings::*Target>
    static bool set_path(Parser& parser, std::string_view value) {
        if (value.starts_with('/'))
            parser.out_.settings.*Target = value;
        return value.starts_with('/');
    }
    template <std::vector<std::string> Settings::*Target>
    static bool set_names(Parser& parser, std::string_view value) {
        parser.out_.settings.*Target = sorted(split(lower(value), ','));
        return true;
    }
    static bool set_daemons(Parser& parser, std::string_view value) {
        std::vector<Address> daemons;
        for (const auto& part : split(value, ','))
            if (auto one = address(part))
                daemons.push_back(std::move(*one));
            else
                parser.note("Daemon=" + part + ": expected host:port or unix:/path; ignored");
        if (!daemons.empty())
            parser.out_.settings.daemons = std::move(daemons);
        return !value.empty();
    }
    static bool set_exempt_users(Parser& parser, std::string_view value) {
        std::vector<std::uint32_t> uids;
        for (const auto& part : split(value, ','))
            if (const auto uid = parser.user(part))
                uids.push_back(*uid);
            else
                parser.note("ExemptUsers=" + part + ": unknown user; ignored");
        std::sort(uids.begin(), uids.end());
        parser.out_.settings.exempt_users = std::move(uids);
        return true;
    }
    static bool set_fail(Parser& parser, std::string_view value) {
        const bool open = equals_ignoring_case(value, "open");
        if (!open && !equals_ignoring_case(value, "last"))
            return false;
        parser.out_.settings.fail_open = open;
        return true;
    }
    std::optional<std::uint32_t> user(const std::string& text) const {
        const auto uid = whole_number<std::uint32_t>(text);
        return uid || !lookup_ ? uid : lookup_(text);
    }

    const UserLookup& lookup_;
    ParsedSettings out_;
    int line_ = 0;
};

constexpr Parser::Key Parser::kKeys[] = {
    {"Daemon", "host:port or unix:/path", set_daemons},
    {"MaxAge", "a time such as 900 or 15min",
     [](Parser& parser, std::string_view value) {
         return assign(parser.out_.settings.max_age, seconds(value));
     }},
    {"Fail", "last or open", set_fail},
    {"WarnAtSubmit", "yes or no",
     [](Parser& parser, std::string_view value) {
         return assign(parser.out_.settings.warn_at_submit, yes_or_no(value));
     }},
    {"WarnEvery", "a time such as 1d or 12h, or 0",
     [](Parser& parser, std::string_view value) {
         return assign(parser.out_.settings.warn_every,
                       value == "0" ? std::optional<std::int64_t>(0) : seconds(value));
     }},
    {"RefusalCode", "yes or no",
     [](Parser& parser, std::string_view value) {
         return assign(parser.out_.settings.refusal_code, yes_or_no(value));
     }},
    {"SuggestAccounts", "yes or no",
     [](Parser& parser, std::string_view value) {
         return assign(parser.out_.settings.suggest_accounts, yes_or_no(value));
     }},
    {"ExemptUsers", "", set_exempt_users},
    {"ExemptAccounts", "", set_names<&Settings::exempt_accounts>},
    {"ExemptQOS", "", set_names<&Settings::exempt_qos>},
    {"ExemptPartitions", "", set_names<&Settings::exempt_partitions>},
    {"ExemptReservations", "", set_names<&Settings::exempt_reservations>},
    {"DaemonUser", "a known user or a uid",
     [](Parser& parser, std::string_view value) {
         return assign(parser.out_.settings.daemon_user, parser.user(std::string(value)));
     }},
    {"MungeSocket", "an absolute path", set_path<&Settings::munge_socket>},
    {"KeyFile", "an absolute path", set_path<&Settings::key_file>},
    {"SnapshotFile", "an absolute path", set_path<&Settings::snapshot_file>},
};

void Parser::set(std::string_view name, std::string_view value) {
    std::vector<std::string> known;
    for (const auto& key : kKeys) {
        known.emplace_back(key.name);
        if (!equals_ignoring_case(key.name, name))
            continue;
        if (!key.set(*this, value))
            note(known.back() + "=" + std::string(value) + ": expected " +
                 std::string(key.expected) + "; line ignored");
        return;
    }
    const std::string meant = nearest(name, known);
    note("unknown key " + std::string(name) + "; line ignored" +
         (meant.empty() ? "" : "; did you mean " + meant + "?"));
}

} // namespace

ParsedSettings parse_settings(std::string_view text, const UserLookup& lookup) {
    Parser parser(lookup);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        parser.line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parser.take();
}

} // namespace sluice::plugin
