// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/import.hpp"

#include "common/base/decimal.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/settings/components.hpp"
#include "common/settings/policy.hpp"
#include "common/settings/policy_set.hpp"
#include "common/settings/reader.hpp"
#include "common/yaml/tree.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace sluice::settings {
namespace {

// Waldur's limit_period in our words.
struct PeriodWord {
    std::string_view theirs;
    std::string_view ours;
};
constexpr PeriodWord kPeriodWords[] = {
    {"month", "month"}, {"quarterly", "quarter"}, {"annual", "year"}, {"total", "total"}};

std::string_view period_word(std::string_view limit_period) {
    for (const auto& word : kPeriodWords)
        if (word.theirs == limit_period)
            return word.ours;
    return {};
}

// A policy's name from an offering's.
std::string policy_name(std::string_view offering) {
    std::string name;
    for (const char c : lower(offering)) {
        const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (good)
            name += c;
        else if (!name.empty() && name.back() != '-')
            name += '-';
    }
    while (!name.empty() && name.back() == '-')
        name.pop_back();
    constexpr std::size_t kMax = 60;
    return name.empty() ? "imported" : name.substr(0, kMax);
}

// What the other keys of the site agent are for, and so why Sluice does not use them.
struct Reason {
    std::string_view part; // of the key
    std::string_view text;
};

// First match wins.
constexpr Reason kReasons[] = {
    {"emulator",
     "see waldur.periodic_limits in sluiced.yaml(5); observe mode and dry runs need no emulator"},
    {"rest_api", "Sluice uses slurmdbd through libslurm"},
    {"execution_mode", "Sluice uses slurmdbd through libslurm"},
    {"slurm_bin_path", "Sluice runs no sacctmgr"},
    {"qos_enforcement", "a standing changes QOS, never GrpSubmitJobs"},
    {"enforce_", "a standing changes QOS, never GrpSubmitJobs"},
    {"qos_management", "the site creates QOS: sacctmgr add qos"},
    {"waldur_", "the site agent keeps its connection to Waldur"},
    {"oidc_", "the site agent keeps its connection to Waldur"},
    {"stomp", "the site agent keeps its connection to Waldur"},
    {"websocket", "the site agent keeps its connection to Waldur"},
    {"verify_ssl", "the site agent keeps its connection to Waldur"},
    {"global_proxy", "the site agent keeps its connection to Waldur"},
    {"_backend", "orders, members and reports remain with the site agent"},
    {"_prefix", "the site agent creates accounts"},
    {"accounting_type", "part of Waldur's catalogue; in Sluice allocations limit usage"},
    {"account", "the site agent creates accounts"},
    {"username", "the site agent creates users"},
    {"ldap", "the site agent creates users"},
    {"project_directory", "remains with the site agent"},
    {"partition", "remains with the site agent"},
    {"report", "usage reports remain with the site agent"},
    {"log", "Sluice logs to the journal of the host"},
    {"sentry", "Sluice logs to the journal of the host"},
    {"measured_unit", "part of Waldur's catalogue"},
    {"label", "part of Waldur's catalogue"},
    {"limit", "allocations are set under accounts"},
};

// The last key of a path, without its index.
std::string_view last_key(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string_view reason_for(std::string_view path, std::string_view chosen) {
    if (path.starts_with("offerings[") && !path.starts_with(chosen))
        return "another offering; it needs a file and a daemon of its own";
    const std::string_view key = last_key(path);
    for (const auto& reason : kReasons)
        if (key.find(reason.part) != std::string_view::npos)
            return reason.text;
    return "Sluice has no such function";
}

bool is_secret(std::string_view key, std::string_view value) {
    const std::string name = lower(key);
    for (const std::string_view part :
         {"token", "secret", "password", "passwd", "passcode", "dsn", "credential", "private"})
        if (name.find(part) != std::string::npos)
            return true;
    // user:password@host in an address
    const std::size_t scheme = value.find("://");
    return scheme != std::string_view::npos && value.find('@', scheme) != std::string_view::npos;
}

// Which keys of the file were used, and comment lines for the other keys.
class Leftover {
public:
    // The value of `key`, marked as used; nullptr when `map` is no map, or key or value are absent.
    const yaml::Node* take(const yaml::Node* map, std::string_view key);
    // Path of the offering that is imported ("offerings[1]."); the others are recognised by it.
    void choose(std::string path) { chosen_ = std::move(path); }
    // One line per unused key: "offerings[0].waldur_api_url: https://...   (reason)". Values of
    // keys that look like secrets are left out.
    std::vector<std::string> lines(const yaml::Node& root) const;

private:
    void walk(const yaml::Node& node, const std::string& path, std::vector<std::string>& out) const;
    std::set<const yaml::Node*> used_;
    std::string chosen_;
};

const yaml::Node* Leftover::take(const yaml::Node* map, std::string_view key) {
    const yaml::Node* node = map == nullptr ? nullptr : map->find(key);
    if (node == nullptr)
        return nullptr;
    if (!node->is_map() && !node->is_list())
        used_.insert(node);
    return node->is_empty() ? nullptr : node;
}

void Leftover::walk(const yaml::Node& node, const std::string& path,
                    std::vector<std::string>& out) const {
    if (used_.contains(&node))
        return;
    const auto line = [&](const std::string& value) {
        out.push_back(printable(path + ": " +
                                (is_secret(path, value) ? "(not shown)" : shown(value)) + "   (" +
                                std::string(reason_for(path, chosen_)) + ")"));
    };
    if (node.is_map() && !node.entries().empty()) {
        for (const auto& entry : node.entries())
            walk(entry.value, path.empty() ? entry.key : path + "." + entry.key, out);
    } else if (node.is_list() && !node.items().empty()) {
        for (std::size_t i = 0; i < node.items().size(); ++i)
            walk(node.items()[i], path + "[" + std::to_string(i) + "]", out);
    } else {
        line(node.text());
    }
}

std::vector<std::string> Leftover::lines(const yaml::Node& root) const {
    std::vector<std::string> out;
    walk(root, "", out);
    return out;
}

// The site agent's keys in Sluice's words. It writes text, it does not decide: what Waldur keeps on
// its own side (allocations, period) is left for a person to fill in.
class Import {
public:
    Import(const Node& root, const std::string& filename)
        : root_(root), filename_(filename), errors_(filename) {}
    Result<std::string> run();

private:
    const Node* find_offering();
    void head();
    void top_keys();
    void components();
    void component(const yaml::Entry& entry);
    std::string tres_of(const yaml::Entry& entry, std::string& doubt);
    void note_period(const yaml::Entry& entry);
    void policy();
    void period();
    void carryover();
    void billing();
    void weights(const Node& node);
    void actions();
    void limits();
    void rest();

    void line(std::string_view text) { out_.append(text).append("\n"); }
    const Node* setting(std::string_view key) { return leftover_.take(settings_, key); }
    const Node* periodic(std::string_view key) { return leftover_.take(periodic_, key); }
    std::optional<bool> flag(std::string_view key);
    std::optional<Decimal> number(std::string_view key, const Range& range);
    std::string qos(std::string_view key, std::string_view level);

    const Node& root_;
    std::string filename_;
    Errors errors_;
    Leftover leftover_;
    std::string out_;
    const Node* offering_ = nullptr;
    const Node* settings_ = nullptr; // backend_settings
    const Node* periodic_ = nullptr; // periodic_limits
    Reading reading_;                // components, for the weights
    std::vector<std::string> periods_;
};

std::optional<bool> Import::flag(std::string_view key) {
    const Node* node = periodic(key);
    return node == nullptr ? std::nullopt : as_bool(*node, key, errors_);
}

std::optional<Decimal> Import::number(std::string_view key, const Range& range) {
    const Node* node = periodic(key);
    return node == nullptr ? std::nullopt : as_number(*node, key, range, errors_);
}

// backend_settings.qos_KEY, else periodic_limits.qos_levels.LEVEL.
std::string Import::qos(std::string_view key, std::string_view level) {
    const Node* node = setting(key);
    const Node* other = leftover_.take(leftover_.take(periodic_, "qos_levels"), level);
    if (node == nullptr)
        node = other;
    if (node == nullptr)
        return {};
    std::string name = as_text(*node, key, errors_).value_or("");
    const std::string fault = name_fault(name);
    if (node->is_scalar() && !fault.empty())
        errors_.add(node->place(), std::string(key) + ": name " + shown(name) + " " + fault);
    return name;
}

const Node* Import::find_offering() {
    const Node* offerings = leftover_.take(&root_, "offerings");
    if (offerings == nullptr || !offerings->is_list())
        return nullptr;
    for (std::size_t i = 0; i < offerings->items().size(); ++i) {
        const Node& offering = offerings->items()[i];
        const Node* type = offering.find("backend_type");
        if (type == nullptr || !equals_ignoring_case(type->text(), "slurm"))
            continue;
        leftover_.take(&offering, "backend_type");
        leftover_.choose("offerings[" + std::to_string(i) + "].");
        return &offering;
    }
    return nullptr;
}

void Import::head() {
    line("# Made from " + printable(filename_) + " by sluiced --import-site-agent.");
    line("# Review it, set the allocations of the accounts, then run: sluiced --check");
}

void Import::top_keys() {
    const Node* zone = leftover_.take(&root_, "timezone");
    if (zone == nullptr || zone->text().empty())
        line("timezone: UTC   # the site agent's default");
    else
        line("timezone: " + as_scalar(zone->text()));
    if (zone != nullptr && !Zone::load(zone->text()))
        errors_.add(zone->place(), "timezone: " + shown(zone->text()) +
                                       " is not in the host's time zone database; give an IANA "
                                       "name such as Europe/Tallinn");
    if (const Node* cluster = setting("cluster_name"))
        line("cluster: " + as_scalar(cluster->text()));
}

std::string Import::tres_of(const yaml::Entry& entry, std::string& doubt) {
    const Node* targets = entry.value.find("target_components");
    if (targets != nullptr && targets->is_map() && !targets->entries().empty()) {
        if (targets->entries().size() > 1)
            doubt =
                "   # target_components names several TRES: a component counts one TRES; check it";
        return targets->entries().front().key;
    }
    if (const auto tres = usual_tres(entry.key); !tres.empty())
        return std::string(tres);
    return entry.key;
}

void Import::note_period(const yaml::Entry& entry) {
    const Node* period = leftover_.take(&entry.value, "limit_period");
    if (period == nullptr)
        return;
    if (const auto ours = period_word(period->text()); !ours.empty()) {
        if (std::find(periods_.begin(), periods_.end(), ours) == periods_.end())
            periods_.emplace_back(ours);
        return;
    }
    errors_.add(period->place(), "limit_period: unknown value " + shown(period->text()) +
                                     "; known: month, quarterly, annual, total");
}

void Import::component(const yaml::Entry& entry) {
    std::string doubt;
    model::Component component;
    component.name = entry.key;
    component.tres = tres_of(entry, doubt);
    for (const auto& name : {component.name, component.tres}) {
        const std::string fault = name_fault(name);
        if (!fault.empty())
            errors_.add(entry.key_place, "component name " + shown(name) + " " + fault);
    }
    std::string text = "  " + as_scalar(component.name) + ": {tres: " + as_scalar(component.tres);
    if (const Node* factor = leftover_.take(&entry.value, "unit_factor")) {
        component.unit_factor =
            as_number(*factor, "unit_factor", kUnitFactor, errors_).value_or(component.unit_factor);
        text += ", unit_factor: " + component.unit_factor.text();
    }
    note_period(entry);
    if (const std::string fault = tres_fault(component.tres); !fault.empty()) {
        line("  # " + as_scalar(component.name) + ": " + printable(fault));
        return;
    }
    line(text + "}" + doubt);
    reading_.set.components.push_back(std::move(component));
}

void Import::components() {
    const Node* components = leftover_.take(offering_, "backend_components");
    if (components == nullptr || !components->is_map() || components->entries().empty()) {
        line("components: {}   # the file has no backend_components: define the components");
        return;
    }
    line("components:   # unit_factor: TRES-minutes in one unit");
    for (const auto& entry : components->entries())
        component(entry);
}

void Import::period() {
    if (periods_.size() == 1) {
        line("    period: " + periods_.front() + "   # limit_period of the components");
        return;
    }
    line(std::string("    period: quarter   # ") +
         (periods_.empty() ? "Waldur has the period: set the same one here"
                           : "the components have several limit_periods (" + join(periods_, ", ") +
                                 "); a policy has one"));
}

void Import::carryover() {
    const auto enabled = flag("carryover_enabled");
    const auto factor = number("carryover_factor", kPercent);
    const auto half_life = number("fairshare_decay_half_life", kDayCount);
    if (enabled && !*enabled)
        line("    carryover: false");
    else if (factor)
        line("    carryover: {model: cap, factor: " + factor->text() + "}");
    else if (half_life)
        line("    carryover: {model: decay, half_life_days: " + half_life->text() +
             "}   # fairshare_decay_half_life, Waldur's older rule");
    else if (enabled)
        line("    carryover: true");
    if (factor && half_life && enabled.value_or(true))
        line("    # fairshare_decay_half_life: " + half_life->text() +
             "   (carryover_factor, the newer rule, wins)");
}

void Import::weights(const Node& node) {
    model::Billing total;
    std::vector<std::string> lines;
    for (const auto& entry : node.entries()) {
        leftover_.take(&node, entry.key);
        Errors faults(filename_);
        model::Billing one;
        read_weight(entry, reading_, one, faults);
        for (const auto& fault : faults.lines())
            lines.push_back("        # " + printable(fault));
        for (const auto& [name, weight] : one.weights) {
            const bool suffixed = entry.value.text() != weight.text();
            lines.push_back(
                "        " + as_scalar(name) + ": " + weight.text() +
                (suffixed ? "   # " + printable(entry.key + ": " + entry.value.text()) : ""));
            total.weights.emplace(name, weight);
        }
    }
    for (const auto& component : reading_.set.components) {
        const bool weighted =
            std::any_of(total.weights.begin(), total.weights.end(), [&](const auto& weight) {
                return equals_ignoring_case(weight.first, component.name) ||
                       equals_ignoring_case(weight.first, component.tres);
            });
        if (!weighted)
            lines.push_back("        # " + component.name +
                            ": no weight; set one before it gets an allocation, or 0 to ignore "
                            "it");
    }
    // Comments alone would leave the key without a value.
    line(total.weights.empty() ? "      weights: {}" : "      weights:");
    for (const auto& text : lines)
        line(text);
}

void Import::billing() {
    const auto enabled = flag("tres_billing_enabled");
    const Node* node = leftover_.take(periodic_, "tres_billing_weights");
    if (!enabled && node == nullptr)
        return;
    line("    tres_billing:");
    line(std::string("      enabled: ") + (enabled.value_or(true) ? "true" : "false"));
    if (node == nullptr || !node->is_map() || node->entries().empty()) {
        line("      # no weights: every component with an allocation needs one");
        return;
    }
    weights(*node);
}

void Import::actions() {
    const std::string normal = qos("qos_default", "default");
    const std::string downscaled = qos("qos_downscaled", "slowdown");
    const std::string paused = qos("qos_paused", "blocked");
    std::vector<std::string> names;
    if (!downscaled.empty())
        names.emplace_back("request_slurm_resource_downscaling");
    if (!paused.empty())
        names.emplace_back("request_slurm_resource_pausing");
    line("    actions: [" + join(names, ", ") + "]" +
         (names.empty() ? "   # neither qos_downscaled nor qos_paused is set" : ""));
    if (!normal.empty())
        line("    qos_default: " + as_scalar(normal) +
             "   # remove it to restore the QOS that the account had");
    if (!downscaled.empty())
        line("    qos_downscaled: " + as_scalar(downscaled));
    if (!paused.empty())
        line("    qos_paused: " + as_scalar(paused));
}

void Import::limits() {
    const bool enabled = flag("enabled").value_or(false);
    std::string word = "GrpTRESMins";
    if (const Node* node = periodic("limit_type")) {
        word = node->text();
        if (std::none_of(kLimitTypes.begin(), kLimitTypes.end(),
                         [&](const auto& choice) { return choice.word == word; }))
            errors_.add(node->place(), "limit_type: unknown value " + shown(word) +
                                           "; known: GrpTRESMins, MaxTRESMins, GrpTRES");
    }
    if (enabled)
        line("    limits: {type: " + as_scalar(word) + "}");
    else
        line("    limits: false   # periodic_limits is not enabled");
}

void Import::policy() {
    const Node* name = leftover_.take(offering_, "name");
    line("");
    line("policies:");
    line("  - name: " + policy_name(name == nullptr ? "" : name->text()) +
         (name == nullptr ? "" : "   # " + printable(name->text())));
    line("    mode: observe   # set to enforce when sluice status shows the expected standings");
    period();
    const auto grace = number("grace_ratio", kGrace);
    const auto default_grace = number("default_grace_ratio", kGrace);
    if (grace || default_grace)
        line("    grace_ratio: " + (grace ? *grace : *default_grace).text());
    carryover();
    billing();
    actions();
    limits();
    if (const auto reset = flag("raw_usage_reset"))
        line(std::string("    raw_usage_reset: ") + (*reset ? "true" : "false"));
}

void Import::rest() {
    line("");
    line("# Waldur has the allocation of each account for one period:");
    line("#accounts:");
    line("#  ACCOUNT: {allocation: {" +
         (reading_.set.components.empty() ? std::string("COMPONENT")
                                          : reading_.set.components.front().name) +
         ": 1000}}");
    const auto unused = leftover_.lines(root_);
    if (unused.empty())
        return;
    line("");
    line("# Without effect in Sluice:");
    for (const auto& text : unused)
        line("#   " + text);
}

Result<std::string> Import::run() {
    offering_ = find_offering();
    if (offering_ == nullptr)
        return Error{Errc::malformed, filename_ + ": no offering with backend_type: slurm; is this "
                                                  "a waldur-site-agent-config.yaml?"};
    settings_ = leftover_.take(offering_, "backend_settings");
    periodic_ = leftover_.take(settings_, "periodic_limits");
    if (periodic_ == nullptr)
        periodic_ = leftover_.take(offering_, "periodic_limits");
    head();
    top_keys();
    line("");
    components();
    policy();
    rest();
    if (errors_.any())
        return errors_.error();
    return std::move(out_);
}

} // namespace

std::string as_scalar(std::string_view text) {
    bool plain = !text.empty() && text.front() != '-' && text.front() != '.';
    for (const char c : text)
        plain = plain && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '/' || c == '.');
    const std::string word = lower(text);
    for (const std::string_view other : {"true", "false", "yes", "no", "on", "off", "null"})
        plain = plain && word != other;
    if (plain && !Decimal::parse(text))
        return std::string(text);
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return '"' + printable(out) + '"'; // \n and \u001b are YAML's escapes, too
}

Result<std::string> import_site_agent(std::string_view text, const std::string& filename) {
    const yaml::Tree tree = yaml::parse(text);
    Errors errors(filename);
    take_faults(tree, errors);
    if (errors.any())
        return errors.error();
    auto result = Import(*tree.root, filename).run();
    if (!result)
        return result;
    auto check = parse(*result, "sluiced.yaml");
    if (!check)
        return Error{Errc::malformed, filename + ": the result is not a valid sluiced.yaml:\n" +
                                          check.error().context};
    return result;
}

} // namespace sluice::settings
