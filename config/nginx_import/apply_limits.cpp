#include "config/nginx_import/apply_limits.h"

#include <algorithm>
#include <optional>
#include <string>

#include "config/model/limits.h"
#include "config/nginx_import/matcher.h"
#include "config/nginx_import/text.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {
namespace {

constexpr std::uint32_t kMostBurst = 1'000'000;

std::optional<Key> key_of_zone(const Directive& zone) {
    const auto variable = only_variable(parse_text(zone.arg(0)));
    return variable ? key_of(*variable) : std::nullopt;
}

// How many of a burst pass at once, as limits.rate counts them; 0: all. nginx counts those beyond the one that is in
// time, and holds back all of them where nothing is said.
std::uint32_t delay_after(const Directive& limit, const RateLimit& rate, Notes& notes) {
    std::uint32_t at_once = 0;
    for (const auto& word : limit.args) {
        if (word == "nodelay") return 0;
        if (const auto delay = option(word, "delay")) at_once = number_value(*delay).value_or(0);
    }
    if (at_once >= rate.burst - 1) return 0;
    const auto held = rate.burst - 1 - at_once;
    if (static_cast<std::int64_t>(held) * rate.per.count() / rate.requests <= limits::kRateDelay) return at_once + 1;
    notes.changed(limit,
                  "requests would be held back for more than a minute: here they pass at once, within the burst");
    return 0;
}

}  // namespace

// limit_req_zone $binary_remote_addr zone=a:10m rate=10r/s; limit_req zone=a burst=20;
void apply_rate(Route& route, const Settings& settings, Notes& notes) {
    if (settings.rate_limits.empty()) return;
    const Directive* limit = settings.rate_limits.front();
    for (const Directive* further : settings.rate_limits)
        if (further != limit)
            notes.lost(*further, "a route has one limits.rate: the first limit_req of the block is used");
    const Directive* zone = settings.rate_zone(*limit);
    if (!zone) return notes.lost(*limit, "there is no limit_req_zone of that name; see limits.rate");
    const auto key = key_of_zone(*zone);
    RateLimit rate;
    for (const auto& word : zone->args) {
        const auto text = option(word, "rate");
        if (!text) continue;
        const auto unit = text->find("r/");
        rate.requests = number_value(text->substr(0, unit)).value_or(0);
        rate.per = text->ends_with("r/m") ? Duration{1min} : Duration{1s};
    }
    if (!key || rate.requests == 0 || rate.requests > limits::kRequests)
        return notes.lost(*limit, "this key or rate has no counterpart; see limits.rate");
    rate.key = *key;
    rate.burst = 1;  // nginx spaces requests evenly but for its burst
    for (const auto& word : limit->args)
        if (const auto burst = option(word, "burst"))
            rate.burst += std::min(number_value(*burst).value_or(0), kMostBurst);
    rate.delay_after = delay_after(*limit, rate, notes);
    route.limits.rate = rate;
    notes.changed(*limit, "requests beyond the burst are refused with 429; each route counts for itself");
}

// limit_conn_zone $binary_remote_addr zone=addr:10m; limit_conn addr 10;
void apply_counts(Route& route, const Settings& settings, Notes& notes) {
    for (const Directive* const limit : settings.counts) {
        const auto zone = settings.count_zones.find(limit->arg(0));
        const auto most = number_value(limit->arg(1));
        if (zone == settings.count_zones.end() || !most || *most == 0 || *most > limits::kConnections) {
            notes.lost(*limit, "there is no limit_conn_zone of that name, or it allows none; see limits.concurrent");
            continue;
        }
        const auto variable = only_variable(parse_text(zone->second->arg(0)));
        // One count for all requests of the server.
        const bool of_all = variable && (*variable == "server_name" || *variable == "server_port");
        const auto key = of_all ? std::nullopt : key_of_zone(*zone->second);
        if (of_all && route.limits.in_flight == 0) {
            route.limits.in_flight = *most;
            notes.changed(*limit, "becomes limits.in_flight: each route counts for itself, and refuses with 503");
        } else if (key && route.limits.concurrent.requests == 0) {
            route.limits.concurrent = {*key, *most};
            notes.changed(*limit,
                          "counts requests from their head to the end of their answer, each route for itself, and "
                          "refuses with 429");
        } else {
            notes.lost(*limit, key || of_all
                                   ? "a route has one limits.concurrent: the first limit_conn of that kind is used"
                                   : "this key has no counterpart; see limits.concurrent");
        }
    }
}

}  // namespace switchyard::config::nginx
