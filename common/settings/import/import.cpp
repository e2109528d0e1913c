// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/import/import.hpp"

#include "common/base/decimal.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/settings/components.hpp"
#include "common/settings/import/unused_keys.hpp"
#include "common/settings/policy.hpp"
#include "common/settings/policy_set.hpp"
#include "common/settings/reader.hpp"
#include "common/yaml/tree.hpp"

#include <algorithm>
#include <iterator>
#include <map>
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

constexpr std::string_view kBackendKeys[] = {"order_processing_backend", "membership_sync_backend",
                                             "reporting_backend"};

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

bool is_slurm(const yaml::Node* node) {
    return node != nullptr && equals_ignoring_case(node->text(), "slurm");
}

// Newer agents name a backend for each task instead of backend_type.
bool is_of_slurm(const yaml::Node& offering) {
    if (const yaml::Node* type = offering.find("backend_type"); type != nullptr)
        return is_slurm(type);
    return std::any_of(std::begin(kBackendKeys), std::end(kBackendKeys),
                       [&](std::string_view key) { return is_slurm(offering.find(key)); });
}

bool same(const yaml::Node* a, const yaml::Node* b) {
    if (a == nullptr || b == nullptr)
        return a == b;
    const auto& left = a->entries();
    return a->kind() == b->kind() && a->text() == b->text() &&
           std::equal(a->items().begin(), a->items().end(), b->items().begin(), b->items().end(),
                      [](const auto& x, const auto& y) { return same(&x, &y); }) &&
           left.size() == b->entries().size() &&
           std::all_of(left.begin(), left.end(), [&](const auto& entry) {
               const yaml::Node* other = b->find(entry.key);
               return other != nullptr && same(&entry.value, other);
           });
}

// The site agent's keys in Sluice's words. It writes text, it does not decide: what Waldur keeps on
// its own side (allocations, period) is left for a person to fill in.
class Import {
public:
    Import(const Node& root, const std::string& filename)
        : root_(root), filename_(filename), errors_(filename) {}
    Result<std::string> run();

private:
    std::vector<const Node*> offerings();
    void select(const Node& offering);
    void head();
    void top_keys();
    void components();
    void component(const yaml::Entry& entry);
    void counted(const yaml::Entry& entry, model::Component component, std::string doubt);
    bool note_prepaid(const yaml::Entry& entry);
    void note_period(const yaml::Entry& entry);
    void policy();
    void other_policy(const Node& offering);
    void period();
    void carryover();
    void billing();
    std::vector<std::string> weight(const yaml::Entry& entry, std::set<std::string>& weighted);
    void weights(const Node& node);
    void actions();
    void limits();
    void waldur();
    bool waldur_login();
    void waldur_offerings(const std::string& first);
    void rest();

    void line(std::string_view text) { out_.append(text).append("\n"); }
    const Node* of_offering(std::string_view key) { return leftover_.take(offering_, key); }
    const Node* setting(std::string_view key) { return leftover_.take(settings_, key); }
    const Node* periodic(std::string_view key) { return leftover_.take(periodic_, key); }
    std::optional<bool> flag(std::string_view key);
    std::optional<Decimal> number(std::string_view key, const Range& range);
    std::string qos(std::string_view key, std::string_view level);
    std::string name_of_policy();

    const Node& root_;
    std::string filename_;
    Errors errors_;
    UnusedKeys leftover_;
    std::string out_;
    const Node* offering_ = nullptr; // whose keys are read
    const Node* settings_ = nullptr; // its backend_settings
    const Node* periodic_ = nullptr; // its periodic_limits
    Reading reading_;                // components, for the weights
    std::vector<std::string> component_lines_;
    std::vector<std::string> periods_;
    bool prepaid_ = false;
    std::set<std::string> policy_names_;
    struct Imported {
        std::string uuid; // "": the file has none
        std::string policy;
    };
    std::vector<Imported> imported_; // the offerings, with the names of their policies
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

// Those of Slurm; the others are set aside.
std::vector<const Node*> Import::offerings() {
    std::vector<const Node*> found;
    const Node* all = leftover_.take(&root_, "offerings");
    if (all == nullptr || !all->is_list())
        return found;
    for (const Node& offering : all->items())
        if (is_of_slurm(offering))
            found.push_back(&offering);
        else
            leftover_.set_aside(offering, "not an offering of Slurm");
    return found;
}

void Import::select(const Node& offering) {
    offering_ = &offering;
    settings_ = of_offering("backend_settings");
    periodic_ = leftover_.take(settings_, "periodic_limits");
    if (periodic_ == nullptr)
        periodic_ = of_offering("periodic_limits");
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

// Waldur's ONE_TIME components are paid once, for the months of the subscription.
bool Import::note_prepaid(const yaml::Entry& entry) {
    const Node* type = leftover_.take(&entry.value, "accounting_type");
    const bool prepaid = type != nullptr && type->text() == "one";
    if (prepaid && entry.value.find("limit_period") == nullptr &&
        std::find(periods_.begin(), periods_.end(), "total") == periods_.end())
        periods_.emplace_back("total");
    prepaid_ = prepaid_ || prepaid;
    return prepaid;
}

// A component of Sluice, or the reason why there is none.
void Import::counted(const yaml::Entry& entry, model::Component component, std::string doubt) {
    const std::string name = as_scalar(component.name);
    for (const auto& text : {component.name, component.tres})
        if (const std::string fault = name_fault(text); !fault.empty())
            errors_.add(entry.key_place, "component name " + shown(text) + " " + fault);
    if (const std::string fault = tres_fault(component.tres); !fault.empty()) {
        component_lines_.push_back("  # " + name + ": " + printable(fault));
        return;
    }
    if (reading_.set.component(component.name) != nullptr) {
        component_lines_.push_back("  # " + name + ": there already; names ignore case");
        return;
    }
    component_lines_.push_back("  " + name + ": {tres: " + as_scalar(component.tres) +
                               ", unit_factor: " + component.unit_factor.text() + "}" +
                               (doubt.empty() ? "" : "   # " + doubt));
    reading_.set.components.push_back(std::move(component));
}

void Import::component(const yaml::Entry& entry) {
    note_period(entry);
    std::string doubt;
    if (note_prepaid(entry))
        doubt = "prepaid: Waldur's limit is for one month; grant it times the months";
    model::Component component;
    component.name = entry.key;
    component.tres = usual_tres(entry.key);
    if (component.tres.empty())
        component.tres = entry.key;
    const Node* factor = leftover_.take(&entry.value, "unit_factor");
    const Node* targets = leftover_.take(&entry.value, "target_components");
    if (targets == nullptr || !targets->is_map() || targets->entries().empty()) {
        if (factor != nullptr)
            component.unit_factor = as_number(*factor, "unit_factor", kUnitFactor, errors_)
                                        .value_or(component.unit_factor);
        if (doubt.empty() && component.unit_factor != Decimal::whole(60) &&
            flag("enabled").value_or(false))
            doubt = "check it: a periodic policy in Waldur counts hours (60) whatever this is";
        counted(entry, std::move(component), std::move(doubt));
        return;
    }
    // The factor is the whole conversion: TRES-minutes in one unit.
    const bool several = targets->entries().size() > 1;
    for (const auto& target : targets->entries()) {
        model::Component one = component;
        const auto tres = usual_tres(target.key);
        one.tres = tres.empty() ? target.key : std::string(tres);
        if (&target != &targets->entries().front()) {
            one.name += '_' + one.tres;
            std::replace(one.name.begin(), one.name.end(), '/', '_');
        }
        one.unit_factor = Decimal::whole(1);
        if (const Node* times = leftover_.take(&target.value, "factor"))
            one.unit_factor =
                as_number(*times, "factor", kUnitFactor, errors_).value_or(one.unit_factor);
        counted(entry, std::move(one),
                several ? "Waldur adds up the TRES of " + printable(entry.key) +
                              "; here each is a component, grant all of them"
                        : doubt);
    }
}

void Import::components() {
    const Node* components = of_offering("backend_components");
    if (components != nullptr && components->is_map())
        for (const auto& entry : components->entries())
            component(entry);
    if (reading_.set.components.empty())
        line("components: {}   # define the components: the file has none that Sluice counts");
    else
        line("components:   # unit_factor: TRES-minutes in one unit");
    for (const auto& text : component_lines_)
        line(text);
}

void Import::period() {
    if (periods_.size() == 1) {
        line("    period: " + periods_.front() +
             (prepaid_ && periods_.front() == "total"
                  ? "   # prepaid: one grant for the whole subscription"
                  : "   # limit_period of the components"));
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

// The file's weights are for one TRES, as slurm.conf's TRESBillingWeights; Sluice's for one unit.
std::vector<std::string> Import::weight(const yaml::Entry& entry, std::set<std::string>& weighted) {
    const std::string given = entry.key + ": " + entry.value.text();
    const auto weight = parse_weight(entry.value);
    const auto meant = weighed(entry.key, reading_);
    if (!weight || meant.empty())
        return {"        # " + printable(given) +
                (weight ? "   (neither a component nor the TRES of one)" : "   (not a weight)")};
    std::vector<std::string> lines;
    for (const auto* component : meant) {
        const auto one = per_unit(*weight, component->unit_factor);
        const bool fits = weight->power == 0 || counted_in_mb(component->tres);
        std::string sum = given + " x " + component->unit_factor.text() + " / 60";
        for (int power = weight->power; power > 0; --power)
            sum += " / 1024";
        if (weight->power < 0)
            sum += " x 1024";
        if (!one || !fits || !weighted.insert(component->name).second)
            lines.push_back("        # " + printable(sum) +
                            (!fits  ? "   (only memory has a unit suffix)"
                             : !one ? "   (not exact in nine digits; round it)"
                                    : "   (weighted already)"));
        else
            lines.push_back("        " + as_scalar(component->name) + ": " + one->text() + "   # " +
                            printable(sum));
    }
    return lines;
}

void Import::weights(const Node& node) {
    std::vector<std::string> lines;
    std::set<std::string> weighted;
    for (const auto& entry : node.entries()) {
        leftover_.take(&node, entry.key);
        for (auto& text : weight(entry, weighted))
            lines.push_back(std::move(text));
    }
    for (const auto& component : reading_.set.components)
        if (!weighted.contains(component.name))
            lines.push_back("        # " + component.name +
                            ": no weight; set one before it gets an allocation, or 0 to ignore "
                            "it");
    // Comments alone would leave the key without a value.
    line(std::string(weighted.empty() ? "      weights: {}" : "      weights:") +
         "   # for one unit: weight of one TRES x unit_factor / 60");
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

// Unique among the offerings.
std::string Import::name_of_policy() {
    const Node* name = of_offering("name");
    const std::string base = policy_name(name == nullptr ? "" : name->text());
    std::string own = base;
    for (int i = 2; !policy_names_.insert(own).second; ++i)
        own = base + '-' + std::to_string(i);
    const Node* uuid = of_offering("waldur_offering_uuid");
    imported_.push_back({uuid == nullptr ? "" : uuid->text(), own});
    return own + (name == nullptr ? "" : "   # " + printable(name->text()));
}

void Import::policy() {
    line("  - name: " + name_of_policy());
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

// As a comment: a policy matches all accounts until it names its own.
void Import::other_policy(const Node& offering) {
    const Node* first = offering_->find("backend_components");
    const Node* first_cluster = setting("cluster_name");
    std::string kept = std::move(out_);
    out_.clear();
    select(offering);
    policy();
    if (!same(first, offering.find("backend_components")))
        line("    # its backend_components differ from those above: define them under other names");
    if (const Node* cluster = setting("cluster_name"); !same(cluster, first_cluster))
        line("    clusters: [" + as_scalar(cluster == nullptr ? "" : cluster->text()) +
             "]   # then name all clusters above: clusters: [...]");
    line("    accounts: [ACCOUNT]   # of this offering; name those of the policy above there, too; "
         "none with waldur.source: waldur");
    std::string text = std::move(out_);
    out_ = std::move(kept);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        line('#' + text.substr(at, end - at));
        at = end + 1;
    }
    leftover_.set_aside(offering, "its policy is written above as a comment");
}

// A truth value or a number stays one.
std::string as_value(const Node& node) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    const std::string& text = node.text();
    const bool plain = !node.quoted() && std::all_of(text.begin(), text.end(), letter);
    return plain ? text : as_scalar(text);
}

// The keys of the login without the secrets themselves. True: by OIDC.
bool Import::waldur_login() {
    const Node* token = of_offering("waldur_api_token");
    const Node* url = of_offering("oidc_token_url");
    const Node* id = of_offering("oidc_client_id");
    of_offering("oidc_client_secret");
    const bool oidc =
        url != nullptr && !url->text().empty() && (token == nullptr || token->text().empty());
    if (!oidc) {
        line("#  waldur_api_token_file: /etc/sluice/waldur.token   # put the token there");
        return false;
    }
    line("#  oidc_token_url: " + as_scalar(url->text()));
    line("#  oidc_client_id: " + as_scalar(id == nullptr ? "ID" : id->text()));
    line("#  oidc_client_secret_file: /etc/sluice/waldur.secret   # put the secret there");
    return true;
}

// Those whose policies are comments stay comments until these are not.
void Import::waldur_offerings(const std::string& first) {
    if (imported_.size() == 1) {
        line("#  waldur_offering_uuid: " + as_scalar(first));
        return;
    }
    for (const auto& offering : imported_) {
        const std::string uuid = offering.uuid.empty() ? "UUID" : as_scalar(offering.uuid);
        const std::string entry = "{uuid: " + uuid + ", policy: " + offering.policy + "}";
        line(&offering == &imported_.front()
                 ? "#  offerings: [" + entry + "]"
                 : "#  # when its policy above is no comment any more: " + entry);
    }
}

void Import::waldur() {
    const Node* url = of_offering("waldur_api_url");
    const Node* uuid = of_offering("waldur_offering_uuid");
    if (url == nullptr && uuid == nullptr)
        return;
    line("");
    line("# Sluice can report to Waldur itself, and take allocations from it: remove the # here.");
    line("# Of each report, one of the two programs must be the only sender; and limits must be "
         "set");
    line("# by one: then set periodic_limits.enabled to false in the site agent.");
    line("#waldur:");
    line("#  waldur_api_url: " + as_scalar(url == nullptr ? "URL" : url->text()));
    waldur_offerings(uuid == nullptr ? "UUID" : uuid->text());
    const bool oidc = waldur_login();
    for (const char* key : {"verify_ssl", "stomp_enabled", "stomp_ws_host", "stomp_ws_port",
                            "stomp_ws_path", "websocket_use_tls"})
        if (const Node* node = of_offering(key); node != nullptr && node->is_scalar())
            line(oidc && key == std::string_view("stomp_enabled")
                     ? "#  stomp_enabled: false   # Waldur's broker takes a token, not OIDC"
                     : std::string("#  ") + key + ": " + as_value(*node));
    line("#  source: file   # waldur: allocations and the policy come from Waldur");
    line(
        "#  push: {usage: false, user_usage: false, metadata: false, identity: false}   # the site "
        "agent sends these");
    const Node* base = periodic("emulator_base_url");
    if (flag("emulator_mode").value_or(false))
        line("#  periodic_limits: {emulator_mode: true" +
             (base == nullptr ? "" : ", emulator_base_url: " + as_scalar(base->text())) + "}");
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
    const auto found = offerings();
    if (found.empty())
        return Error{Errc::malformed, filename_ + ": no offering with backend_type: slurm or a "
                                                  "backend slurm; is this a "
                                                  "waldur-site-agent-config.yaml?"};
    select(*found.front());
    leftover_.take(offering_, "backend_type");
    head();
    top_keys();
    line("");
    components();
    line("");
    line("policies:");
    policy();
    const Node* first = offering_;
    for (std::size_t i = 1; i < found.size(); ++i) {
        select(*first);
        other_policy(*found[i]);
    }
    select(*first);
    waldur();
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
    const yaml::Tree tree = yaml::parse(text, {}, yaml::Anchors::resolved);
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
