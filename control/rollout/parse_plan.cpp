#include "control/rollout/parse_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/text/found.h"
#include "config/text/nearest.h"
#include "config/text/pointer.h"
#include "control/rollout/announcement.h"
#include "control/rollout/json_reader.h"
#include "control/rollout/url.h"

namespace switchyard::control::rollout {

namespace {

using Json = nlohmann::ordered_json;
using Errors = std::vector<config::Error>;

constexpr std::size_t kMostSteps = 100;
constexpr std::size_t kMostChecks = 20;
constexpr std::uint32_t kMostApprovals = 20;  // more is a mistake: no team finds so many people

// Each element of a list with its pointer; not a list: reported.
template <class Each>
void for_each_in(ObjectReader& reader, std::string_view key, std::size_t most, Each each) {
    const Json* list = reader.find(key);
    if (list == nullptr) return;
    if (!list->is_array()) return reader.fail(reader.below(key), "expected a list, found " + config::found(*list));
    if (list->size() > most) reader.fail(reader.below(key), fmt::format("has more than {} entries", most));
    for (std::size_t i = 0; i < list->size() && i < most; ++i)
        each((*list)[i], config::pointer_to(reader.below(key), i));
}

// Percent, to four decimals, without rounding errors: 0.1 is exactly 1000 ppm.
void read_weight(ObjectReader& reader, Ppm& out) {
    double percent = 0.0;
    reader.read("weight", percent, 0.0, 100.0);
    const double ppm = percent * 10'000.0;
    if (std::abs(ppm - std::round(ppm)) > 1e-6)
        reader.fail(reader.below("weight"), "has more than four decimals: a millionth is the smallest share");
    out = static_cast<Ppm>(std::lround(ppm));
}

Step read_step(const Json& json, const std::string& at, Errors& errors) {
    Step step;
    ObjectReader reader(json, at, errors);
    if (!reader.is_object()) return step;
    const int kinds = static_cast<int>(json.contains("header_only")) + static_cast<int>(json.contains("weight")) +
                      static_cast<int>(json.contains("pause"));
    if (kinds > 1) {
        reader.fail(at, "a step is one of header_only, weight, pause, not several");
        return step;
    }
    if (json.contains("header_only")) {
        step.kind = Step::Kind::header_only;
        reader.read("header_only", step.bake);
    } else if (const Json* pause = reader.find("pause")) {
        step.kind = Step::Kind::pause;
        if (!pause->is_object()) {
            reader.fail(reader.below("pause"), "expected {} or {\"approvals\": 2}: a pause ends when people say so");
        } else {
            ObjectReader inside(*pause, reader.below("pause"), errors);
            inside.read("approvals", step.approvals, 1, kMostApprovals);
            inside.end();
        }
    } else if (reader.required("weight")) {  // a wrong value is reported once, by read_weight
        read_weight(reader, step.weight);
        reader.required("bake");
        reader.read("bake", step.bake);
        if (json["weight"].is_number() && json["weight"] == 0)
            reader.fail(reader.below("weight"), "must be more than 0; for none use header_only");
    }
    reader.end();
    return step;
}

void check_order(const std::vector<Step>& steps, const std::string& at, Errors& errors) {
    Ppm reached = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Step& step = steps[i];
        const std::string here = config::pointer_to(at, i);
        if (step.kind == Step::Kind::header_only && reached > 0)
            errors.push_back({here, "header_only after a weight would take traffic back; put it first"});
        if (step.kind == Step::Kind::weight && step.weight > 0 && step.weight <= reached)
            errors.push_back({config::pointer_to(here, "weight"), "must be more than the weight before it"});
        if (step.kind == Step::Kind::weight) reached = std::max(reached, step.weight);
    }
    if (steps.empty()) return errors.push_back({at, "needs at least one step"});
    if (steps.back().kind != Step::Kind::weight || steps.back().weight != kWhole)
        errors.push_back({config::pointer_to(at, steps.size() - 1), "the last step must be weight 100"});
}

// A value that is no text was reported where it was read.
void check_url(ObjectReader& reader, std::string_view key) {
    const Json* url = reader.find(key);
    std::string why;
    if (url != nullptr && url->is_string() && !Url::parse(url->get_ref<const std::string&>(), &why))
        reader.fail(reader.below(key), why);
}

void read_limits(const Json& json, ObjectReader& reader, HttpCheck& check) {
    constexpr double kMost = 1e300;
    for (const auto& [key, limit] : {std::pair{"below", &check.below}, std::pair{"above", &check.above}}) {
        if (!json.contains(key)) continue;
        double value = 0.0;
        reader.read(key, value, -kMost, kMost);
        *limit = value;
        if (check.kind == HttpCheck::Kind::status)
            reader.fail(reader.below(key), "needs \"json\", a pointer to the number of the answer that is compared");
    }
    if (check.kind != HttpCheck::Kind::status && !check.below && !check.above)
        reader.fail(reader.at(), "needs \"below\" or \"above\": the values that pass");
    if (check.below && check.above && *check.below <= *check.above)
        reader.fail(reader.below("above"), "nothing is both above this and below \"below\"");
}

// What it asks whom, and which answers pass.
void read_question(const Json& json, ObjectReader& reader, HttpCheck& check) {
    const bool prometheus = json.contains("prometheus");
    if (prometheus == json.contains("http")) {
        for (const char* key : {"http", "prometheus", "query", "json", "below", "above"}) reader.find(key);
        return reader.fail(reader.at(), prometheus ? "asks \"http\" or \"prometheus\", not both"
                                                   : "needs \"http\", or \"prometheus\" with a \"query\"");
    }
    if (prometheus) {
        check.kind = HttpCheck::Kind::prometheus;
        reader.read("prometheus", check.url);
        check_url(reader, "prometheus");
        if (check.url.find_first_of("?#") != std::string::npos)
            reader.fail(reader.below("prometheus"), "expected the server's URL; what it is asked stands in \"query\"");
        if (reader.required("query")) reader.read("query", check.what);
    } else {
        reader.read("http", check.url);
        check_url(reader, "http");
        if (json.contains("json")) {
            check.kind = HttpCheck::Kind::json;
            reader.read("json", check.what);
            try {
                static_cast<void>(Json::json_pointer(check.what));
            } catch (const Json::exception&) {
                reader.fail(reader.below("json"), "expected a JSON pointer, such as /checks/errors");
            }
        }
    }
    read_limits(json, reader, check);
}

HttpCheck read_check(const Json& json, const std::string& at, Errors& errors) {
    constexpr std::uint32_t kMostFailures = 1000;
    HttpCheck check;
    ObjectReader reader(json, at, errors);
    reader.required("name");
    reader.read("name", check.name);
    if (reader.is_object()) read_question(json, reader, check);
    reader.read("every", check.every, std::chrono::milliseconds(100));
    reader.read("timeout", check.timeout, std::chrono::milliseconds(10));
    reader.read("failures", check.failures, 1, kMostFailures);
    reader.end();
    return check;
}

Webhook read_webhook(const Json& json, const std::string& at, Errors& errors) {
    static const std::vector<std::string> kinds(kAnnouncements.begin(), kAnnouncements.end());
    Webhook hook;
    ObjectReader reader(json, at, errors);
    reader.required("on");
    reader.required("url");
    for_each_in(reader, "on", kinds.size(), [&](const Json& kind, const std::string& where) {
        if (!kind.is_string()) return reader.fail(where, "expected a word, found " + config::found(kind));
        hook.on.push_back(kind.get<std::string>());
        if (std::ranges::find(kinds, hook.on.back()) == kinds.end())
            reader.fail(where, "unknown announcement " + config::unknown_word(hook.on.back(), kinds));
    });
    reader.read("url", hook.url);
    check_url(reader, "url");
    reader.end();
    return hook;
}

// null or false switches a test off.
bool switched_off(const Json& value) {
    return value.is_null() || (value.is_boolean() && !value.get<bool>());
}

constexpr double kMostTolerated = 100.0;

void read_levels(ObjectReader& analysis, std::string_view key, std::array<double, analysis::kLevels>& levels,
                 double& tail, Errors& errors) {
    const Json* json = analysis.find(key);
    if (json == nullptr) return;
    levels.fill(0.0);  // only those that are named
    tail = 0.0;
    if (switched_off(*json)) return;
    ObjectReader reader(*json, analysis.below(key), errors);
    for (std::size_t i = 0; i < analysis::kLevels; ++i)
        reader.read(analysis::kLevelNames[i], levels[i], 1.0, kMostTolerated);
    reader.read("tail", tail, 1.0, kMostTolerated);
    reader.end();
}

void read_tolerances(ObjectReader& analysis, Plan& plan, Errors& errors) {
    if (const Json* json = analysis.find("errors")) {
        if (switched_off(*json)) {
            plan.errors_tolerate = 0.0;
        } else {
            ObjectReader reader(*json, analysis.below("errors"), errors);
            reader.read("tolerate", plan.errors_tolerate, 1.0, kMostTolerated);
            reader.end();
        }
    }
    read_levels(analysis, "latency", plan.latency_tolerate, plan.latency_tail, errors);
    read_levels(analysis, "duration", plan.duration_tolerate, plan.duration_tail, errors);
    if (const Json* json = analysis.find("answers")) {
        static const std::vector<std::string> acts{"hold", "rollback"};
        if (switched_off(*json)) {
            plan.answers_false_alarm = 0.0;
        } else {
            ObjectReader reader(*json, analysis.below("answers"), errors);
            reader.read("false_alarm", plan.answers_false_alarm, 1e-9, 0.5);
            std::string act = acts.front();
            reader.read("act", act);
            if (std::ranges::find(acts, act) == acts.end())
                reader.fail(reader.below("act"), "unknown value " + config::unknown_word(act, acts));
            plan.answers_roll_back = act == acts.back();
            reader.end();
        }
    }
    if (const Json* json = analysis.find("slo")) {
        ObjectReader reader(*json, analysis.below("slo"), errors);
        double percent = -1.0;
        Duration p99{0};
        reader.read("success_percent", percent, 1.0, 99.9999);
        reader.read("p99", p99, std::chrono::milliseconds(1));
        if (percent > 0.0) plan.slo_success_percent = percent;
        if (p99.count() > 0) plan.slo_p99 = p99;
        reader.end();
    }
}

void read_inconclusive(ObjectReader& analysis, Plan& plan) {
    static const std::vector<std::string> words{"pause", "promote_if_no_failures", "rollback"};
    std::string word;
    analysis.read("inconclusive", word);
    if (word.empty()) return;
    const auto it = std::ranges::find(words, word);
    if (it == words.end())
        return analysis.fail(analysis.below("inconclusive"), "unknown value " + config::unknown_word(word, words));
    plan.inconclusive = static_cast<Plan::Inconclusive>(it - words.begin());
}

void read_analysis(const Json& json, const std::string& at, Plan& plan, Errors& errors) {
    constexpr std::uint32_t kMostExtra = 1'000'000'000;
    ObjectReader reader(json, at, errors);
    reader.read("false_alarm", plan.false_alarm, 1e-9, 0.5);
    read_tolerances(reader, plan, errors);
    reader.read("max_extra_failures", plan.max_extra_failures, 0, kMostExtra);
    for_each_in(reader, "checks", kMostChecks, [&](const Json& check, const std::string& where) {
        plan.checks.push_back(read_check(check, where, errors));
    });
    for_each_in(reader, "webhooks", kMostChecks, [&](const Json& hook, const std::string& where) {
        plan.webhooks.push_back(read_webhook(hook, where, errors));
    });
    read_inconclusive(reader, plan);
    reader.read("patience", plan.patience, std::chrono::milliseconds(1));
    reader.read("warm_up", plan.warm_up);
    reader.end();
}

}  // namespace

void add_unless_told(Errors& errors, Errors more) {
    const auto told = errors;
    for (config::Error& error : more)
        if (std::ranges::none_of(told, [&](const config::Error& before) {
                return !before.pointer.empty() &&
                       (error.pointer.starts_with(before.pointer) || before.pointer.starts_with(error.pointer));
            }))
            errors.push_back(std::move(error));
}

PlanResult parse_plan(const Json& document) {
    PlanResult result;
    Plan plan;
    ObjectReader reader(document, "", result.errors);
    for (const char* key : {"route", "from", "to", "steps"}) reader.required(key);
    reader.read("route", plan.route);
    reader.read("from", plan.from);
    reader.read("to", plan.to);
    if (!plan.from.empty() && plan.from == plan.to) reader.fail("/to", "must be another upstream than \"from\"");
    for_each_in(reader, "steps", kMostSteps, [&](const Json& step, const std::string& at) {
        plan.steps.push_back(read_step(step, at, result.errors));
    });
    if (reader.find("steps") != nullptr) {
        Errors order;
        check_order(plan.steps, "/steps", order);
        add_unless_told(result.errors, std::move(order));
    }
    if (const Json* analysis = reader.find("analysis")) read_analysis(*analysis, "/analysis", plan, result.errors);
    reader.read("return_over", plan.return_over);
    if (const Json* watch = reader.find("watch")) {
        if (watch->is_boolean())
            plan.watch = watch->get<bool>();
        else
            reader.fail("/watch", "expected true or false, found " + config::found(*watch));
    }
    reader.end();
    result.draft = plan;
    if (result.errors.empty()) result.plan = std::move(plan);
    return result;
}

}  // namespace switchyard::control::rollout
