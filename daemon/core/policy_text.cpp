// SPDX-License-Identifier: GPL-2.0-or-later
// One list of fields for both directions: what is written is read.
#include "daemon/core/policy_text.hpp"

#include "common/json/json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace sluice::core {
namespace {

using json::Value;
using json::View;

constexpr json::Bounds kBounds{std::size_t{64} << 20, 16};

template <class T>
struct Word {
    std::string_view word;
    T value;
};
constexpr std::array<Word<model::PeriodKind>, 6> kPeriods{{{"week", model::PeriodKind::week},
                                                           {"month", model::PeriodKind::month},
                                                           {"quarter", model::PeriodKind::quarter},
                                                           {"year", model::PeriodKind::year},
                                                           {"total", model::PeriodKind::total},
                                                           {"custom", model::PeriodKind::custom}}};
constexpr std::array<Word<model::Mode>, 2> kModes{
    {{"observe", model::Mode::observe}, {"enforce", model::Mode::enforce}}};
constexpr std::array<Word<model::CarryoverModel>, 2> kModels{
    {{"cap", model::CarryoverModel::cap}, {"decay", model::CarryoverModel::decay}}};
constexpr std::array<Word<model::QosStrategy>, 2> kStrategies{
    {{"threshold", model::QosStrategy::threshold},
     {"progressive", model::QosStrategy::progressive}}};
constexpr std::array<Word<model::Action>, 5> kActions{
    {{model::name(model::Action::notify_organization_owners),
      model::Action::notify_organization_owners},
     {model::name(model::Action::notify_external_user), model::Action::notify_external_user},
     {model::name(model::Action::block_creation_of_new_resources),
      model::Action::block_creation_of_new_resources},
     {model::name(model::Action::request_slurm_resource_downscaling),
      model::Action::request_slurm_resource_downscaling},
     {model::name(model::Action::request_slurm_resource_pausing),
      model::Action::request_slurm_resource_pausing}}};

constexpr std::array<Word<model::PauseBy>, 2> kPauseBy{
    {{"qos", model::PauseBy::qos}, {"submit_limit", model::PauseBy::submit_limit}}};
constexpr std::array<Word<model::LimitType>, 3> kLimits{
    {{"grp_tres_mins", model::LimitType::grp_tres_mins},
     {"grp_tres", model::LimitType::grp_tres},
     {"max_tres_mins", model::LimitType::max_tres_mins}}};
constexpr std::array<Word<model::BudgetCheck>, 3> kChecks{{{"off", model::BudgetCheck::off},
                                                           {"warn", model::BudgetCheck::warn},
                                                           {"refuse", model::BudgetCheck::refuse}}};
constexpr std::array<Word<model::PendingJobs>, 3> kPending{
    {{"leave", model::PendingJobs::leave},
     {"hold", model::PendingJobs::hold},
     {"cancel", model::PendingJobs::cancel}}};
constexpr std::array<Word<model::OnDownscale>, 2> kDownscale{
    {{"move", model::OnDownscale::move}, {"leave", model::OnDownscale::leave}}};

class Writer {
public:
    void flag(const char* key, const bool& value) { out_.set(key, value); }
    void text(const char* key, const std::string& value) { out_.set(key, value); }
    void texts(const char* key, const std::vector<std::string>& value) { out_.set(key, value); }
    void number(const char* key, const int& value) { out_.set(key, value); }
    void decimal(const char* key, const Decimal& value) { out_.set(key, value.text()); }
    void day(const char* key, const std::chrono::year_month_day& value) {
        out_.set(key, std::chrono::sys_days{value}.time_since_epoch().count());
    }
    void weekday(const char* key, const std::chrono::weekday& value) {
        out_.set(key, value.iso_encoding());
    }
    template <class T, std::size_t N>
    void word(const char* key, const T& value, const std::array<Word<T>, N>& words) {
        out_.set(key, word_of(value, words));
    }
    template <class T, std::size_t N>
    void words(const char* key, const std::vector<T>& values, const std::array<Word<T>, N>& words) {
        auto list = Value::array();
        for (const T& value : values)
            list.append(word_of(value, words));
        out_.set(key, std::move(list));
    }
    void decimals(const char* key, const std::map<std::string, Decimal>& values) {
        auto map = Value::object();
        for (const auto& [name, value] : values)
            map.set(name, value.text());
        out_.set(key, std::move(map));
    }
    template <class T, class Fields>
    void list(const char* key, const std::vector<T>& values, Fields fields) {
        auto all = Value::array();
        for (T value : values) {
            Writer one;
            fields(one, value);
            all.append(std::move(one.out_));
        }
        out_.set(key, std::move(all));
    }
    std::string compact() const { return out_.compact(); }

private:
    template <class T, std::size_t N>
    static std::string_view word_of(const T& value, const std::array<Word<T>, N>& words) {
        for (const auto& one : words)
            if (one.value == value)
                return one.word;
        return "";
    }

    Value out_ = Value::object();
};

// The first fault is kept: half a rule is none.
class Reader {
public:
    Reader(View in, std::string& fault) : in_(in), fault_(fault) {}

    void flag(const char* key, bool& value) { value = expect(key, in_[key].is_bool()).boolean(); }
    void text(const char* key, std::string& value) {
        value = expect(key, in_[key].is_string()).text();
    }
    void texts(const char* key, std::vector<std::string>& value) {
        value = expect(key, in_[key].is_array()).texts();
    }
    void number(const char* key, int& value) {
        const auto found = expect(key, in_[key].is_integer()).integer();
        value = static_cast<int>(std::clamp<std::int64_t>(found, 0, 36500));
    }
    void decimal(const char* key, Decimal& value) { decimal_at(key, in_[key], value); }
    void day(const char* key, std::chrono::year_month_day& value) {
        constexpr std::int64_t kMost = 3'000'000; // days: more than the years that a file may name
        const auto found = expect(key, in_[key].is_integer()).integer();
        value = std::chrono::sys_days{
            std::chrono::days{static_cast<int>(std::clamp<std::int64_t>(found, -kMost, kMost))}};
    }
    void weekday(const char* key, std::chrono::weekday& value) {
        const auto found = expect(key, in_[key].is_integer()).integer();
        value = std::chrono::weekday{static_cast<unsigned>(std::clamp<std::int64_t>(found, 1, 7))};
    }
    template <class T, std::size_t N>
    void word(const char* key, T& value, const std::array<Word<T>, N>& words) {
        word_at(key, in_[key], value, words);
    }
    template <class T, std::size_t N>
    void words(const char* key, std::vector<T>& values, const std::array<Word<T>, N>& words) {
        for (const View item : expect(key, in_[key].is_array()).items()) {
            T value{};
            word_at(key, item, value, words);
            values.push_back(value);
        }
    }
    void decimals(const char* key, std::map<std::string, Decimal>& values) {
        const View map = expect(key, in_[key].is_object());
        for (const auto& name : map.keys())
            decimal_at(key, map[name], values[name]);
    }
    template <class T, class Fields>
    void list(const char* key, std::vector<T>& values, Fields fields) {
        for (const View item : expect(key, in_[key].is_array()).items()) {
            Reader one(item, fault_);
            fields(one, values.emplace_back());
        }
    }

private:
    View expect(const char* key, bool good) {
        if (!good && fault_.empty())
            fault_ = "key " + std::string(key) + " is missing or of another type";
        return in_[key];
    }
    void decimal_at(const char* key, View at, Decimal& value) {
        const auto found = at.is_string() ? Decimal::parse(at.text()) : std::nullopt;
        expect(key, found.has_value());
        value = found.value_or(Decimal{});
    }
    template <class T, std::size_t N>
    void word_at(const char* key, View at, T& value, const std::array<Word<T>, N>& words) {
        const auto found = std::find_if(words.begin(), words.end(), [&](const auto& one) {
            return at.is_string() && at.text() == one.word;
        });
        expect(key, found != words.end());
        if (found != words.end())
            value = found->value;
    }

    View in_;
    std::string& fault_;
};

const auto component_fields = [](auto& io, auto& component) {
    io.text("name", component.name);
    io.text("tres", component.tres);
    io.decimal("unit_factor", component.unit_factor);
};

const auto step_fields = [](auto& io, auto& step) {
    io.decimal("at", step.at);
    io.text("qos", step.qos);
    io.flag("pause", step.pause);
};

const auto policy_fields = [](auto& io, auto& policy) {
    io.text("name", policy.name);
    io.word("mode", policy.mode, kModes);
    io.texts("clusters", policy.clusters);
    io.flag("spans", policy.spans);
    io.word("period", policy.period.kind, kPeriods);
    io.number("period_months", policy.period.months);
    io.day("period_anchor", policy.period.anchor);
    io.number("period_days", policy.period.days);
    io.weekday("week_begins", policy.period.week_begins);
    io.text("period_label", policy.period.label);
    io.decimal("grace_ratio", policy.grace_ratio);
    io.decimal("notify_at", policy.notify_at);
    io.decimal("hysteresis", policy.hysteresis);
    auto dwell = Decimal::whole(policy.min_dwell.count());
    io.decimal("min_dwell", dwell);
    policy.min_dwell = std::chrono::seconds{dwell.scaled() / Decimal::kScale};
    io.number("grace_days", policy.grace_days);
    io.flag("carryover", policy.carryover.enabled);
    io.word("carryover_model", policy.carryover.model, kModels);
    io.decimal("carryover_factor", policy.carryover.factor);
    io.decimal("carryover_half_life_days", policy.carryover.half_life_days);
    io.flag("carryover_days_exact", policy.carryover.days_exact);
    io.flag("carryover_new_accounts_full", policy.carryover.new_accounts_full);
    io.decimal("borrow", policy.borrow.factor);
    io.flag("billing", policy.billing.enabled);
    io.flag("billing_slurm", policy.billing.weights_slurm);
    io.decimals("billing_weights", policy.billing.weights);
    io.words("actions", policy.actions, kActions);
    io.word("strategy", policy.strategy, kStrategies);
    io.list("steps", policy.steps, step_fields);
    io.text("qos_default", policy.qos_default);
    io.text("qos_downscaled", policy.qos_downscaled);
    io.text("qos_paused", policy.qos_paused);
    io.word("pause_by", policy.pause_by, kPauseBy);
    io.flag("limits", policy.limits.enabled);
    io.word("limit_type", policy.limits.type, kLimits);
    auto check = policy.check();
    io.word("budget_check", check, kChecks);
    policy.budget_check = check;
    io.word("on_pause", policy.on_pause.pending, kPending);
    io.word("on_downscale", policy.on_downscale, kDownscale);
};

const auto set_fields = [](auto& io, auto& set) {
    io.list("components", set.components, component_fields);
    io.list("policies", set.policies, policy_fields);
};

} // namespace

std::string policy_text(const model::PolicySet& set) {
    Writer writer;
    set_fields(writer, set);
    return writer.compact();
}

Result<model::PolicySet> parse_policy_text(std::string_view text) {
    const auto parsed = json::parse(text, kBounds);
    if (!parsed)
        return parsed.error();
    model::PolicySet set;
    std::string fault;
    Reader reader(parsed->view(), fault);
    set_fields(reader, set);
    if (!fault.empty())
        return Error{Errc::malformed, fault};
    return set;
}

} // namespace sluice::core
