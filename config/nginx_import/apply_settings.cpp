// What a location inherits or says about headers, times, sizes, retries and checks → route and upstreams.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "config/check/http_syntax.h"
#include "config/model/limits.h"
#include "config/nginx_import/compress_import.h"
#include "config/nginx_import/error_page_import.h"
#include "config/nginx_import/location_import.h"
#include "config/nginx_import/matcher.h"
#include "config/nginx_import/text.h"
#include "config/nginx_import/values.h"
#include "config/text/placeholder.h"

namespace switchyard::config::nginx {

namespace {

constexpr Duration kNginxTimeout = 60s;          // proxy_connect_timeout and proxy_read_timeout when not given
constexpr std::uint64_t kNginxBody = 1U << 20U;  // client_max_body_size when not given

std::set<std::string> upstreams_of(const Route& route) {
    std::set<std::string> names;
    for (const auto& [upstream, weight] : route.split) names.insert(upstream);
    for (const Rule& rule : route.rules)
        if (!rule.upstream.empty()) names.insert(rule.upstream);
    return names;
}

Duration timeout_of(const Settings& settings, std::string_view name) {
    const Directive* directive = settings.find(name);
    const auto value = directive ? time_value(directive->arg(0)) : std::nullopt;
    return std::clamp(value.value_or(kNginxTimeout), Duration{1}, Duration{limits::kDuration});
}

// The first location of an upstream says what its timeouts are; where another one differs its route has its own.
void apply_timeouts(Route& route, const Settings& settings, Upstreams& upstreams, Notes& notes) {
    const Duration connect = timeout_of(settings, "proxy_connect_timeout");
    const Duration read = timeout_of(settings, "proxy_read_timeout");
    if (const Directive* send = settings.find("proxy_send_timeout");
        send && timeout_of(settings, "proxy_send_timeout") != read)
        notes.changed(*send,
                      "one timeout covers both directions here: upstreams.timeouts.idle, from proxy_read_timeout");
    for (const auto& name : upstreams_of(route)) {
        UpstreamTimeouts& timeouts = upstreams[name].timeouts;
        if (timeouts == UpstreamTimeouts{.queue = timeouts.queue}) timeouts = {connect, read, read, timeouts.queue};
        if (connect != timeouts.connect) route.timeouts.connect = connect;
        if (read != timeouts.response_head || read != timeouts.idle)
            route.timeouts.response_head = route.timeouts.idle = read;
    }
    // A tunnel is a route's own; nginx holds it to the same limit.
    if (settings.find("proxy_read_timeout")) route.timeouts.tunnel_idle = read;
}

constexpr auto kFillable =
    "of variables only $remote_addr, $host, $request_uri and $request_id can be filled in, and a word in braces has a "
    "meaning of its own; see debug_headers for who answered";

// The value as Switchyard writes it; nothing where it has no word for it.
std::optional<std::string> header_value(const Text& value) {
    static const std::map<std::string_view, std::string_view> kWords{{"remote_addr", "{client}"},
                                                                     {"host", "{host}"},
                                                                     {"request_uri", "{target}"},
                                                                     {"request_id", "{request_id}"},
                                                                     {"http_x_request_id", "{request_id}"}};
    std::string out;
    for (const auto& part : value) {
        if (part.variable) {
            const auto word = kWords.find(part.text);
            if (word == kWords.end()) return std::nullopt;
            out += word->second;
        } else if (placeholders_in(part.text, true).empty()) {
            out += part.text;
        } else {
            return std::nullopt;  // in nginx's text a word in braces means itself
        }
    }
    return out;
}

// Variables whose header Switchyard writes by itself, or that ask for what it does anyway.
bool is_own_header(const std::string& name, const Text& value) {
    const auto variable = only_variable(value);
    const auto is = [&](std::string_view header) { return same_header(name, header); };
    if (is("Connection") || is("Upgrade")) return true;
    if (is("X-Forwarded-For")) return variable == "proxy_add_x_forwarded_for" || variable == "remote_addr";
    if (is("X-Forwarded-Proto")) return variable == "scheme" || variable == "http_x_forwarded_proto";
    if (is("X-Forwarded-Host")) return variable == "host" || variable == "http_host";
    if (is("X-Forwarded-Port")) return variable == "server_port" || variable == "http_x_forwarded_port";
    if (is("X-Request-Id")) return variable == "request_id" || variable == "http_x_request_id";
    return is("Host") && variable == "http_host";
}

// The headers of this kind that configurations name; the data plane knows more.
bool is_claim(std::string_view name) {
    constexpr std::array<std::string_view, 8> kClaims{"X-Real-IP",        "True-Client-IP", "X-Client-IP",
                                                      "CF-Connecting-IP", "Client-IP",      "X-Original-URL",
                                                      "X-Rewrite-URL",    "X-Scheme"};
    constexpr std::string_view kFamily = "X-Forwarded-";
    return same_header(name.substr(0, kFamily.size()), kFamily) ||
           std::ranges::any_of(kClaims, [&](std::string_view claim) { return same_header(claim, name); });
}

// proxy_set_header Authorization $http_authorization: nothing but what happens anyway.
bool passes_on(const std::string& name, const Text& value) {
    const auto variable = only_variable(value);
    const auto key = variable ? key_of(*variable) : std::nullopt;
    return key && key->source == Key::Source::header && same_header(key->name, name) && !is_hop_header(name) &&
           !same_header(name, "Host") && !is_claim(name) && !same_header(name, "X-Request-Id");
}

// proxy_set_header X-Real-IP $http_x_real_ip: what any client says about a request.
bool passes_claim_on(const std::string& name, const Text& value) {
    const auto variable = only_variable(value);
    const auto key = variable ? key_of(*variable) : std::nullopt;
    return key && key->source == Key::Source::header && same_header(key->name, name) && is_claim(name);
}

// $proxy_add_x_forwarded_for and $http_x_forwarded_proto go by what the client says of itself.
bool asks_for_any_sender(const std::string& name, const Text& value) {
    const auto variable = only_variable(value);
    return (same_header(name, "X-Forwarded-For") && variable == "proxy_add_x_forwarded_for") ||
           (same_header(name, "X-Forwarded-Proto") && variable == "http_x_forwarded_proto");
}

// What nginx writes into Host of its own accord.
std::string host_header(const std::string& host) {
    if (host.starts_with("unix:")) return "localhost";
    return host.ends_with(":80") ? host.substr(0, host.size() - 3) : host;
}

// What nginx writes under a name and is not carried over: endpoints believe it, so that no client may say it instead.
// Claims come from listeners.trusted_proxies alone anyway.
bool remove_client_s(Route& route, const std::string& name) {
    if (same_header(name, "Host") || same_header(name, "X-Request-Id") || is_claim(name)) return false;
    auto& removed = route.request_headers.remove;
    if (std::ranges::none_of(removed, [&](const auto& other) { return same_header(other, name); }))
        removed.push_back(name);
    return true;
}

void apply_request_headers(Route& route, const Settings& settings, const Directive& location, const std::string& host,
                           bool literal_host, Notes& notes) {
    bool host_given = false;
    for (const Directive* directive : settings.request_headers) {
        const std::string& name = directive->arg(0);
        Text value = parse_text(directive->arg(1));
        host_given = host_given || same_header(name, "Host");
        if (same_header(name, "Host") && only_variable(value) == "proxy_host") value = literal_text(host_header(host));
        const bool twice = std::ranges::any_of(route.request_headers.set,
                                               [&](const auto& header) { return same_header(header.first, name); });
        if (twice) {
            notes.lost(*directive, "a header is set once; this is a second one of the name");
        } else if (passes_on(name, value)) {
            notes.unneeded(*directive, "the client's headers are passed on");
        } else if (asks_for_any_sender(name, value)) {
            notes.changed(*directive,
                          "Switchyard writes this header by itself, and of what a request brings along believes only "
                          "senders in listeners.trusted_proxies; nginx keeps what any client sends");
        } else if (is_own_header(name, value)) {
            notes.unneeded(*directive, same_header(name, "Host") ? "the client's Host is always passed on"
                                                                 : "Switchyard writes this header by itself");
        } else if (passes_claim_on(name, value)) {
            notes.changed(*directive,
                          "is passed on from senders in listeners.trusted_proxies only; nginx keeps what any client "
                          "sends");
        } else if (!is_token(name) || is_hop_header(name) || same_header(name, "Expect")) {
            notes.lost(*directive, "this header cannot be set");
        } else if (const auto filled = header_value(value); !filled || !is_field_value(*filled)) {
            const bool removed = remove_client_s(route, name);
            notes.lost(*directive, fmt::format("{}{}", filled ? "this is no legal header value" : kFillable,
                                               removed ? "; what a client sends under this name is removed" : ""));
        } else if (value.empty()) {
            if (same_header(name, "Host"))
                notes.lost(*directive, "Host cannot be removed");
            else
                route.request_headers.remove.push_back(name);
        } else {
            route.request_headers.set[name] = *filled;
        }
    }
    if (host_given) return;
    // nginx sends the host of the URL: with an address it is a virtual host, with an upstream a name that no
    // application looks at.
    const bool named =
        literal_host && !host.starts_with("unix:") &&
        std::ranges::any_of(host.substr(0, host.find(':')), [](unsigned char c) { return std::isalpha(c) != 0; });
    if (named)
        route.request_headers.set["Host"] = host_header(host);
    else
        notes.changed(location,
                      fmt::format("the client's Host is passed on; nginx would send \"{}\"", host_header(host)));
}

// Without `always` nginx adds headers to these only.
bool gets_headers(std::uint32_t status) {
    constexpr std::array<std::uint32_t, 10> kSome{200, 201, 204, 206, 301, 302, 303, 304, 307, 308};
    return std::ranges::find(kSome, status) != kSome.end();
}

// `answer`: the one status that the route answers with by itself; 0: any.
void apply_response_headers(Route& route, const Settings& settings, std::uint32_t answer, Notes& notes) {
    for (const Directive* directive : settings.response_headers) {
        if (answer != 0 && same_header(directive->arg(0), "Content-Type")) continue;  // of its body: see set_answer
        if (answer != 0 && directive->arg(2) != "always" && !gets_headers(answer)) continue;
        const std::string& name = directive->arg(0);
        const Text value = parse_text(directive->arg(1));
        if (!is_token(name) || is_hop_header(name) || !is_field_value(literal(value))) {
            notes.lost(*directive, "this header cannot be added");
        } else if (const auto filled = header_value(value); !filled) {
            notes.lost(*directive, kFillable);
        } else if (!value.empty()) {
            auto& added = route.response_headers.add;
            const bool twice =
                std::ranges::any_of(added, [&](const auto& header) { return same_header(header.first, name); });
            if (twice)
                notes.lost(*directive, "a header is added once; this is a second one of the name");
            else
                added[name] = *filled;
            if (answer == 0 && directive->arg(2) != "always")
                notes.changed(*directive, "is added to every response, not to some statuses only");
        }
    }
    for (const Directive* directive : settings.hidden_headers) {
        if (is_token(directive->arg(0)) && !is_hop_header(directive->arg(0)))
            route.response_headers.remove.push_back(directive->arg(0));
        else
            notes.unneeded(*directive, "Switchyard writes this header by itself");
    }
}

void apply_retries(Route& route, const Settings& settings, Upstreams& upstreams, Notes& notes) {
    std::size_t endpoints = 0;
    for (const auto& name : upstreams_of(route)) endpoints = std::max(endpoints, upstreams[name].endpoints.size());
    // nginx tries every endpoint.
    std::size_t attempts = std::max<std::size_t>(endpoints, 2) - 1;
    if (const Directive* tries = settings.find("proxy_next_upstream_tries"))
        if (const auto most = number_value(tries->arg(0)); most.value_or(0) > 0) attempts = *most - 1;
    if (const Directive* which = settings.find("proxy_next_upstream")) {
        for (const auto& word : which->args) {
            if (word == "off") attempts = 0;
            if (word.starts_with("http_"))
                if (const auto status = number_value(word.substr(5)); status && *status >= 400 && *status <= 599)
                    route.retries.on.push_back(StatusRange::one(static_cast<std::uint16_t>(*status)));
            if (word == "non_idempotent")
                notes.lost(*which, "requests that are not idempotent are retried only when nothing was sent");
        }
    }
    if (const Directive* timeout = settings.find("proxy_next_upstream_timeout"))
        notes.changed(*timeout, "see timeouts.request, which covers all attempts");
    if (attempts == 0) route.retries.on.clear();
    route.retries.attempts = static_cast<std::uint32_t>(std::min<std::size_t>(attempts, limits::kRetryAttempts));
}

// limit_req_zone $binary_remote_addr zone=a:10m rate=10r/s; limit_req zone=a burst=20;
void apply_rate(Route& route, const Settings& settings, Notes& notes) {
    if (settings.rate_limits.empty()) return;
    const Directive* limit = settings.rate_limits.front();
    for (const Directive* further : settings.rate_limits)
        if (further != limit)
            notes.lost(*further, "a route has one limits.rate: the first limit_req of the block is used");
    const Directive* zone = settings.rate_zone(*limit);
    if (!zone) return notes.lost(*limit, "there is no limit_req_zone of that name; see limits.rate");
    const auto variable = only_variable(parse_text(zone->arg(0)));
    const auto key = variable ? key_of(*variable) : std::nullopt;
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
            rate.burst += std::min(number_value(*burst).value_or(0), 1'000'000U);
    route.limits.rate = rate;
    notes.changed(
        *limit,
        "requests beyond the limit are refused with 429 at once, none is held back; each route counts for itself");
}

}  // namespace

void apply_settings(Route& route, const Settings& settings, const Directive& location, const std::string& host,
                    Upstreams& upstreams, Notes& notes) {
    const bool literal_host = !route.split.empty() && upstreams.implied(route.split.front().first);
    apply_request_headers(route, settings, location, host, literal_host, notes);
    apply_response_headers(route, settings, 0, notes);
    apply_timeouts(route, settings, upstreams, notes);
    apply_retries(route, settings, upstreams, notes);
    apply_rate(route, settings, notes);
    apply_compression(route, settings, notes);
    apply_error_pages(route, settings, notes);
    const Directive* body = settings.find("client_max_body_size");
    const auto size = body ? size_value(body->arg(0)) : std::nullopt;
    if (body && !size) notes.lost(*body, "expected a size; nginx's default of 1m is used");
    route.limits.body = size.value_or(kNginxBody);
}

void apply_fixed_headers(Route& route, const Settings& settings, Notes& notes) {
    Settings added = settings;
    added.hidden_headers.clear();  // those of an application
    apply_response_headers(route, added, route.respond.status != 0 ? route.respond.status : route.redirect.status,
                           notes);
}

void apply_health_check(const Route& route, const Directive& check, Upstreams& upstreams, Notes& notes) {
    Health health;
    health.type = Health::Type::http;
    // nginx's defaults.
    health.interval = 5s;
    health.rise = 1;
    health.fall = 1;
    for (const auto& word : check.args) {
        if (const auto interval = option(word, "interval")) {
            health.interval = std::clamp(time_value(*interval).value_or(5s), Duration{10}, Duration{limits::kDuration});
        } else if (const auto fails = option(word, "fails")) {
            health.fall =
                std::clamp(number_value(*fails).value_or(1), 1U, static_cast<std::uint32_t>(limits::kHealthCount));
        } else if (const auto passes = option(word, "passes")) {
            health.rise =
                std::clamp(number_value(*passes).value_or(1), 1U, static_cast<std::uint32_t>(limits::kHealthCount));
        } else if (const auto uri = option(word, "uri")) {
            if (uri->starts_with('/') && uri->find(' ') == std::string::npos && is_field_value(*uri))
                health.path = *uri;
            else
                notes.lost(check, "the path of the check has no counterpart");
        } else if (word == "type=tcp") {
            health.type = Health::Type::tcp;
        } else if (word == "type=grpc") {
            health.type = Health::Type::grpc;
        } else if (const auto service = option(word, "grpc_service")) {
            health.service = *service;
        } else if (word.starts_with("grpc_status=")) {
            notes.lost(check, fmt::format("\"{}\": healthy is an endpoint that says SERVING", word));
        } else if (word.starts_with("match=")) {
            notes.lost(check,
                       fmt::format("\"{}\": put the status codes that count as healthy into health.expect", word));
        } else {
            notes.lost(check, fmt::format("\"{}\" has no counterpart", word));
        }
    }
    if (health.type != Health::Type::grpc) health.service.clear();
    for (const auto& name : upstreams_of(route)) {
        if (health.type == Health::Type::grpc && upstreams[name].protocol == EndpointProtocol::http1)
            return notes.lost(check, "endpoints that are spoken to in HTTP/1.1 are asked by no call of gRPC");
        upstreams[name].health = health;
    }
    if (health.type == Health::Type::http)
        notes.changed(check, "healthy are 200 and 204 (health.expect); nginx takes any 2xx and 3xx");
}

}  // namespace switchyard::config::nginx
