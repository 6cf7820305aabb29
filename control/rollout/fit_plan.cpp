#include "control/rollout/fit_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "config/model/candidate.h"
#include "config/text/nearest.h"
#include "config/text/pointer.h"
#include "control/rollout/allowed_url.h"
#include "control/rollout/url.h"

namespace switchyard::control::rollout {

const config::Route* find_route(const config::Model& model, const std::string& name) {
    const auto it = std::ranges::find(model.routes, name, &config::Route::name);
    return it == model.routes.end() ? nullptr : &*it;
}

namespace {

// Of a URL that no plan may ask: what they may, and the line that would allow it.
std::string why_not_asked(const std::string& url, const config::Model& model) {
    const auto parsed = Url::parse(url);
    const std::string cure =
        parsed ? fmt::format("; \"{}://{}/\" there would allow it", parsed->scheme(), parsed->authority()) : "";
    const bool discovers =
        std::ranges::any_of(model.upstreams, [](const auto& each) { return each.second.discover.has_value(); });
    return fmt::format(
        "{} is none of the addresses that plans may ask: loopback, the endpoints of the "
        "configuration{}, and those in process.admin.rollout_urls{}",
        url.substr(0, url.find('?')),
        discovers ? " (not what is discovered, which comes and goes while a plan runs)" : "", cure);
}

}  // namespace

std::vector<config::Error> fit_plan(const Plan& plan, const config::Model& model) {
    std::vector<config::Error> errors;
    std::vector<std::string> upstreams, routes;
    for (const auto& [name, upstream] : model.upstreams) upstreams.push_back(name);
    for (const config::Route& route : model.routes) routes.push_back(route.name);
    for (const auto& [pointer, name] : {std::pair{"/from", plan.from}, std::pair{"/to", plan.to}})
        if (!name.empty() && !model.upstreams.contains(name))
            errors.push_back({pointer, "unknown upstream " + config::unknown_word(name, upstreams)});
    const auto check_url = [&](const std::string& pointer, const std::string& url) {
        if (!url.empty() && !allowed_url(url, model)) errors.push_back({pointer, why_not_asked(url, model)});
    };
    for (std::size_t i = 0; i < plan.checks.size(); ++i)
        if (const HttpCheck& check = plan.checks[i]; !check.url.empty())
            check_url(fmt::format("{}/{}", config::pointer_to("/analysis/checks", i), check.key()), check.asked());
    for (std::size_t i = 0; i < plan.webhooks.size(); ++i)
        check_url(config::pointer_to("/analysis/webhooks", i) + "/url", plan.webhooks[i].url);
    const config::Route* route = find_route(model, plan.route);
    if (route == nullptr) {
        if (plan.route.empty()) return errors;
        errors.push_back({"/route", "unknown route " + config::unknown_word(plan.route, routes)});
        return errors;
    }
    const bool serves =
        std::ranges::any_of(route->split, [&](const auto& part) { return part.first == plan.from && part.second > 0; });
    if (!serves && !plan.from.empty())
        errors.push_back({"/from", fmt::format("route {} sends it no traffic by its split", plan.route)});
    for (const auto& [upstream, weight] : route->split) {
        if (weight == 0) continue;
        if (upstream == plan.to && !plan.watch)
            errors.push_back(
                {"/to", fmt::format("already gets traffic of route {}; set its weight to 0 first", plan.route)});
        else if (upstream != plan.from && upstream != plan.to && !plan.from.empty())
            errors.push_back({"/from", fmt::format("route {} also sends traffic to {}; a rollout needs one upstream "
                                                   "to compare with",
                                                   plan.route, upstream)});
    }
    // While it runs a rule for @candidate leads to where it leads.
    const auto for_candidate = [](const auto& rule) { return rule.upstream == config::kCandidate; };
    const bool reachable = std::ranges::any_of(
        route->rules, [&](const auto& rule) { return rule.upstream == plan.to || for_candidate(rule); });
    const bool in_split = std::ranges::any_of(route->split, [&](const auto& part) { return part.first == plan.to; });
    if (!in_split && !plan.to.empty() && std::ranges::any_of(route->rules, for_candidate))
        errors.push_back(
            {"/to", fmt::format("is no part of the split of route {}, whose rules speak of {}: that is one "
                                "of two upstreams",
                                plan.route, config::kCandidate)});
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const Step& step = plan.steps[i];
        const std::string at = config::pointer_to("/steps", i);
        if (step.kind == Step::Kind::header_only && !reachable)
            errors.push_back({at, fmt::format("route {} has no rule that sends requests to {}", plan.route, plan.to)});
    }
    return errors;
}

bool rules_bypass_split(const Plan& plan, const config::Model& model) {
    const config::Route* route = find_route(model, plan.route);
    return route != nullptr && std::ranges::any_of(route->rules, [&](const auto& rule) {
               return rule.upstream == config::kCandidate || rule.upstream == plan.to || rule.upstream == plan.from ||
                      rule.fallback == plan.to || rule.fallback == plan.from;
           });
}

config::Split split_at(const Plan& plan, const config::Route& route, Ppm weight) {
    // The smallest whole numbers with this ratio: a split is exact in each block of their sum.
    const Ppm common = std::max<Ppm>(1, std::gcd(weight, kWhole));
    config::Split out{{plan.from, (kWhole - weight) / common}, {plan.to, weight / common}};
    for (const auto& [upstream, old] : route.split)
        if (upstream != plan.from && upstream != plan.to) out.emplace_back(upstream, 0);
    return out;
}

}  // namespace switchyard::control::rollout
