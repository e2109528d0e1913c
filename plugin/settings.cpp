// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/settings.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::plugin {
namespace {

constexpr std::size_t kMaxSocket = 107; // sockaddr_un::sun_path with its NUL
constexpr std::int64_t kMaxAge = std::int64_t{10} * 365 * 86'400;

template <class T>
std::optional<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

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
    const auto count = number<std::int64_t>(value.substr(0, digits));
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
    const auto checked = number<std::uint16_t>(port);
    if (host.empty() || !checked || *checked == 0)
        return std::nullopt;
    return Address{std::string(host), std::string(port)};
}

std::vector<std::string> names(std::string_view value) {
    std::vector<std::string> out = split(lower(value), ',');
    std::sort(out.begin(), out.end());
    return out;
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
    using Setter = void (Parser::*)(std::string_view);
    struct Key {
        std::string_view name;
        Setter setter;
    };
    static constexpr std::size_t kKeys = 13;
    static const Key kTable[kKeys];

    void note(std::string text) {
        // It goes to slurmctld's log: no line breaks or escapes of the file's making.
        std::replace_if(
            text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
        out_.notes.push_back({line_, std::move(text)});
    }
    void bad(std::string_view value, std::string_view wanted) {
        note("\"" + std::string(value) + "\" is not " + std::string(wanted) + "; line ignored");
    }
    void set(std::string_view key, std::string_view value);

    void daemon(std::string_view value) {
        std::vector<Address> daemons;
        if (value.empty())
            bad(value, "host:port or unix:/path");
        for (const auto& part : split(value, ','))
            if (auto one = address(part))
                daemons.push_back(std::move(*one));
            else
                bad(part, "host:port or unix:/path");
        if (!daemons.empty())
            out_.settings.daemons = std::move(daemons);
    }
    void max_age(std::string_view value) {
        if (const auto age = seconds(value))
            out_.settings.max_age = *age;
        else
            bad(value, "a time such as 900 or 15min");
    }
    void fail(std::string_view value) {
        if (equals_ignoring_case(value, "open"))
            out_.settings.fail_open = true;
        else if (equals_ignoring_case(value, "last"))
            out_.settings.fail_open = false;
        else
            bad(value, "last or open");
    }
    void warn_at_submit(std::string_view value) {
        if (const auto flag = yes_or_no(value))
            out_.settings.warn_at_submit = *flag;
        else
            bad(value, "yes or no");
    }
    std::optional<std::uint32_t> user(const std::string& text) {
        auto uid = number<std::uint32_t>(text);
        if (!uid && lookup_)
            uid = lookup_(text);
        return uid;
    }
    void exempt_users(std::string_view value) {
        std::vector<std::uint32_t> uids;
        for (const auto& part : split(value, ','))
            if (const auto uid = user(part))
                uids.push_back(*uid);
            else
                note("user " + part + " is not known; left out");
        std::sort(uids.begin(), uids.end());
        out_.settings.exempt_users = std::move(uids);
    }
    void exempt_accounts(std::string_view value) { out_.settings.exempt_accounts = names(value); }
    void exempt_qos(std::string_view value) { out_.settings.exempt_qos = names(value); }
    void exempt_partitions(std::string_view value) {
        out_.settings.exempt_partitions = names(value);
    }
    void exempt_reservations(std::string_view value) {
        out_.settings.exempt_reservations = names(value);
    }
    void daemon_user(std::string_view value) {
        if (const auto uid = user(std::string(value)))
            out_.settings.daemon_user = uid;
        else
            bad(value, "a known user or uid");
    }
    void munge_socket(std::string_view value) { path(value, out_.settings.munge_socket); }
    void key_file(std::string_view value) { path(value, out_.settings.key_file); }
    void snapshot_file(std::string_view value) { path(value, out_.settings.snapshot_file); }
    void path(std::string_view value, std::string& target) {
        if (value.starts_with('/'))
            target = value;
        else
            bad(value, "an absolute path");
    }

    const UserLookup& lookup_;
    ParsedSettings out_;
    int line_ = 0;
};

constexpr Parser::Key Parser::kTable[kKeys] = {
    {"Daemon", &Parser::daemon},
    {"MaxAge", &Parser::max_age},
    {"Fail", &Parser::fail},
    {"WarnAtSubmit", &Parser::warn_at_submit},
    {"ExemptUsers", &Parser::exempt_users},
    {"ExemptAccounts", &Parser::exempt_accounts},
    {"ExemptQOS", &Parser::exempt_qos},
    {"ExemptPartitions", &Parser::exempt_partitions},
    {"ExemptReservations", &Parser::exempt_reservations},
    {"DaemonUser", &Parser::daemon_user},
    {"MungeSocket", &Parser::munge_socket},
    {"KeyFile", &Parser::key_file},
    {"SnapshotFile", &Parser::snapshot_file},
};

void Parser::set(std::string_view key, std::string_view value) {
    std::vector<std::string> known;
    for (const auto& entry : kTable) {
        if (equals_ignoring_case(entry.name, key))
            return (this->*entry.setter)(value);
        known.emplace_back(entry.name);
    }
    const std::string meant = nearest(key, known);
    note("unknown key " + std::string(key) + "; line ignored" +
         (meant.empty() ? "" : " (meant " + meant + "?)"));
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
