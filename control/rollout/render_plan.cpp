#include "control/rollout/render_plan.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/text/duration.h"

namespace switchyard::control::rollout {

namespace {

using Json = nlohmann::ordered_json;
using config::duration_text;

// Whole percents as whole numbers, as people write them.
Json percent(Ppm weight) {
    if (weight % 10'000 == 0) return weight / 10'000;
    return static_cast<double>(weight) / 10'000.0;
}

const char* word(Plan::Inconclusive policy) {
    switch (policy) {
        case Plan::Inconclusive::pause:
            return "pause";
        case Plan::Inconclusive::promote_if_no_failures:
            return "promote_if_no_failures";
        case Plan::Inconclusive::rollback:
            return "rollback";
    }
    return "pause";
}

Json levels(const std::array<double, analysis::kLevels>& tolerate, double tail) {
    Json out = Json::object();
    for (std::size_t i = 0; i < analysis::kLevels; ++i)
        if (tolerate[i] > 0.0) out[analysis::kLevelNames[i]] = tolerate[i];
    if (tail > 0.0) out["tail"] = tail;
    return out;
}

Json render_check(const HttpCheck& check) {
    Json out = {{"name", check.name}, {check.key(), check.url}};
    if (check.kind == HttpCheck::Kind::json) out["json"] = check.what;
    if (check.kind == HttpCheck::Kind::prometheus) out["query"] = check.what;
    if (check.below) out["below"] = *check.below;
    if (check.above) out["above"] = *check.above;
    out["every"] = duration_text(check.every);
    out["timeout"] = duration_text(check.timeout);
    out["failures"] = check.failures;
    return out;
}

Json render_analysis(const Plan& plan) {
    Json out;
    out["false_alarm"] = plan.false_alarm;
    if (plan.errors_tolerate > 0.0)
        out["errors"] = {{"tolerate", plan.errors_tolerate}};
    else
        out["errors"] = nullptr;
    out["latency"] = levels(plan.latency_tolerate, plan.latency_tail);
    out["duration"] = levels(plan.duration_tolerate, plan.duration_tail);
    if (plan.answers_false_alarm > 0.0)
        out["answers"] = {{"false_alarm", plan.answers_false_alarm},
                          {"act", plan.answers_roll_back ? "rollback" : "hold"}};
    else
        out["answers"] = nullptr;
    Json slo = Json::object();
    if (plan.slo_success_percent) slo["success_percent"] = *plan.slo_success_percent;
    if (plan.slo_p99) slo["p99"] = duration_text(*plan.slo_p99);
    out["slo"] = slo;
    out["max_extra_failures"] = plan.max_extra_failures;
    out["checks"] = Json::array();
    for (const HttpCheck& check : plan.checks) out["checks"].push_back(render_check(check));
    out["webhooks"] = Json::array();
    for (const Webhook& hook : plan.webhooks) out["webhooks"].push_back({{"on", hook.on}, {"url", hook.url}});
    out["inconclusive"] = word(plan.inconclusive);
    out["patience"] = duration_text(plan.patience);
    out["warm_up"] = duration_text(plan.warm_up);
    return out;
}

}  // namespace

std::string percent_text(Ppm weight) {
    return fmt::format("{} %", static_cast<double>(weight) / 10'000.0);
}

Json render_step(const Step& step) {
    switch (step.kind) {
        case Step::Kind::header_only:
            return {{"header_only", duration_text(step.bake)}};
        case Step::Kind::pause:
            return {{"pause", step.approvals > 0 ? Json{{"approvals", step.approvals}} : Json::object()}};
        case Step::Kind::weight:
            break;
    }
    return {{"weight", percent(step.weight)}, {"bake", duration_text(step.bake)}};
}

Json render_plan(const Plan& plan) {
    Json out;
    out["route"] = plan.route;
    out["from"] = plan.from;
    out["to"] = plan.to;
    out["steps"] = Json::array();
    for (const Step& step : plan.steps) out["steps"].push_back(render_step(step));
    out["analysis"] = render_analysis(plan);
    out["return_over"] = duration_text(plan.return_over);
    if (plan.watch) out["watch"] = true;
    return out;
}

std::string promise_words(const Plan& plan) {
    std::string out = fmt::format("a release that is no worse is taken back by luck in at most {:.3g} % of rollouts",
                                  100.0 * plan.stated());
    if (plan.answers_roll_back && plan.answers_false_alarm > 0.0)
        out += fmt::format(": {:.3g} % by false_alarm and {:.3g} % by answers", 100.0 * plan.false_alarm,
                           100.0 * plan.answers_false_alarm);
    return out;
}

}  // namespace switchyard::control::rollout
