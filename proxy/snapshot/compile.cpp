#include "proxy/snapshot/compile.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "config/model/candidate.h"
#include "config/model/certificates_used.h"
#include "config/model/limits.h"
#include "config/model/secret_value.h"
#include "config/text/moment.h"
#include "proxy/base/log.h"
#include "proxy/files/route_files.h"
#include "proxy/http/characters.h"
#include "proxy/route/answer_rewrites.h"
#include "proxy/route/error_pages.h"
#include "proxy/route/key_counts.h"
#include "proxy/route/rate_key.h"
#include "proxy/route/token_verifier.h"
#include "proxy/snapshot/members.h"
#include "proxy/snapshot/snapshot.h"
#include "proxy/snapshot/spoken.h"
#include "proxy/upstream/balancer.h"
#include "proxy/upstream/session_key.h"

namespace switchyard {
namespace {

static_assert(config::limits::kHead == http::kMaxHead && config::limits::kFields == http::kMaxFields);

std::string lowered(std::string text) {
    for (char& c : text) c = http::lower(c);
    return text;
}

// RFC 6901 escapes.
std::string escaped(const std::string& name) {
    std::string out;
    for (char c : name) {
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out += c;
    }
    return out;
}

// What would let the listener have its address.
std::string cure_of_bind(const std::string& why) {
    if (why.find(std::strerror(EACCES)) != why.npos)
        return "; ports below 1024 need CAP_NET_BIND_SERVICE (setcap cap_net_bind_service=+ep, or AmbientCapabilities= "
               "of "
               "the unit), or choose another port";
    if (why.find(std::strerror(EADDRNOTAVAIL)) != why.npos)
        return "; this machine has no such address: write one that it has, or 0.0.0.0";
    return "; stop what holds it or choose another port";
}

// The endpoints of an upstream and what follows from them. False and `why` set for the one at `bad` that no socket
// address can be made of.
bool fill_endpoints(upstream::Upstream& out, const config::Upstream& source, Registry& registry,
                    const KnownAddresses& known, std::size_t* bad = nullptr, std::string* why = nullptr) {
    out.endpoints.clear();
    const auto all = endpoints_of(out.name, source, known);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& e = all[i];
        for (auto& member : members_of(e.address, known)) {
            upstream::Endpoint endpoint;
            if (!net::numeric(member.to, endpoint.address, why)) {
                if (bad != nullptr) *bad = i;
                return false;
            }
            endpoint.text = std::move(member.identity);
            endpoint.configured = e.address.text();
            if (e.address.kind != config::Address::Kind::unix_path) endpoint.host = e.address.host;
            endpoint.state = registry.endpoint(out.name, endpoint.text);
            endpoint.weight = e.weight;
            if (!source.sticky_session.cookie.empty())
                endpoint.session_key = upstream::session_key(out.name, endpoint.text);
            endpoint.max_connections = e.max_connections;
            endpoint.backup = e.backup;
            endpoint.wanted = e.state;
            out.endpoints.push_back(std::move(endpoint));
        }
    }
    out.has_backups = std::any_of(out.endpoints.begin(), out.endpoints.end(), [](const auto& e) { return e.backup; });
    out.maglev.clear();
    if (source.balance.kind == config::Balance::Kind::hash) out.maglev = upstream::build_maglev(out.endpoints);
    return true;
}

bool has_members(const upstream::Upstream& compiled, const config::Upstream& source, const KnownAddresses& known) {
    std::size_t i = 0;
    for (const auto& e : endpoints_of(compiled.name, source, known))
        for (const auto& member : members_of(e.address, known)) {
            if (i == compiled.endpoints.size()) return false;
            const auto& was = compiled.endpoints[i++];
            if (was.text != member.identity || was.weight != e.weight || was.backup != e.backup ||
                was.wanted != e.state)
                return false;
        }
    return i == compiled.endpoints.size();
}

class Compiler {
  public:
    Compiler(std::shared_ptr<const config::Model> model, std::uint64_t generation, Registry& registry,
             const KnownAddresses& known, const LedRoutes& led)
        : model_(std::move(model)),
          registry_(registry),
          known_(known),
          led_(led),
          snapshot_(std::make_shared<Snapshot>()) {
        snapshot_->generation = generation;
        snapshot_->facts = known.version;
        snapshot_->led = led.version;
        snapshot_->model = model_;
    }

    CompileResult run() {
        upstreams();
        snapshot_->routed.assign(snapshot_->upstreams.size(), false);
        for (std::size_t i = 0; i < model_->routes.size(); ++i) one_route(i);
        follow_fallbacks();
        certificates();
        if (errors_.empty()) listeners();  // sockets last: nothing is opened for a configuration that is refused
        if (!errors_.empty()) return {nullptr, std::move(errors_)};
        return {snapshot_, {}};
    }

  private:
    void fail(std::string pointer, std::string detail) { errors_.push_back({std::move(pointer), std::move(detail)}); }

    void certificates() {
        if (const auto& tls = model_->process.admin.tls) {
            snapshot_->admin_tls = registry_.certificates().policy(*model_, config::as_listener(*tls), Spoken{},
                                                                   "/process/admin", errors_);
            if (snapshot_->admin_tls)
                for (const auto& name : tls->certificates) note_certificate(name);
        }
        for (std::size_t i = 0; i < model_->listeners.size(); ++i) {
            const auto& source = model_->listeners[i];
            policies_.push_back(source.tls ? registry_.certificates().policy(*model_, *source.tls, spoken_by(source),
                                                                             "/listeners/" + std::to_string(i), errors_)
                                           : nullptr);
            if (!policies_.back()) continue;
            for (const auto& name : source.tls->certificates) note_certificate(name);
        }
        for (const auto& [name, source] : model_->upstreams)
            if (source.tls && !source.tls->certificate.empty()) note_certificate(source.tls->certificate);
    }

    void note_certificate(const std::string& name) {
        const auto* kept = registry_.certificates().find(files_of(*model_, name));
        if (kept != nullptr && kept->identity) snapshot_->certificates[name] = kept->identity->fingerprint;
    }

    // Port 80 beside 443: a route of its own takes whatever comes to the listener.
    void redirect_to_https(std::shared_ptr<const SharedCount> listener) {
        auto out = std::make_shared<route::Route>();
        out->name = "redirect_https";
        out->id = registry_.route(out->name);
        out->cursor = registry_.cursor(out->name);
        out->redirect.to = "https://{host}{path}?{query}";
        snapshot_->route_table->take_listener(std::move(listener), std::move(out));
    }

    void listeners() {
        for (std::size_t i = 0; i < model_->listeners.size(); ++i) {
            const auto& source = model_->listeners[i];
            auto plan = std::make_shared<ListenerPlan>();
            std::string why;
            plan->name = source.name;
            plan->sockets = registry_.listening(source.bind, source.name, &why);
            if (!plan->sockets) fail("/listeners/" + std::to_string(i) + "/bind", why + cure_of_bind(why));
            plan->connections = registry_.listener_count(source.name);
            plan->trusted_proxies = route::CidrSet(source.trusted_proxies);
            plan->access = route::AccessList::made_of(source.access);
            plan->client_header = lowered(source.client_header);
            plan->max_connections = source.max_connections;
            if (source.max_connections_per_client != 0) {
                auto counts = registry_.key_counts();
                // No route is named so.
                const auto seed = route::concurrency_seed(counts->seed(), "listener " + source.name);
                plan->per_client = {source.max_connections_per_client, seed, std::move(counts)};
            }
            plan->proxy_protocol = {source.proxy_protocol, source.proxy_protocol_optional,
                                    source.proxy_protocol_others == "plain",
                                    route::CidrSet(source.proxy_protocol_from)};
            plan->forwarded = source.forwarded;
            if (!source.cdn_loop.empty())
                plan->cdn_loop = {lowered(source.cdn_loop), "CDN-Loop: " + source.cdn_loop + "\r\n"};
            plan->max_head = source.max_head;
            plan->max_fields = source.max_fields;
            plan->head_timeout_ms = source.head_timeout.count();
            plan->idle_timeout_ms = source.idle_timeout.count();
            plan->min_rate = source.min_rate;
            plan->tls = policies_[i];
            plan->speaks_http1 = speaks(source, config::kHttp1);
            plan->speaks_http2 = speaks(source, config::kHttp2);
            plan->challenges = registry_.challenges();
            plan->challenge_folder = source.acme_challenges;
            if (source.redirect_https) redirect_to_https(plan->connections);
            snapshot_->listeners.push_back(std::move(plan));
        }
    }

    void upstreams() {
        for (const auto& [name, source] : model_->upstreams) index_[name] = static_cast<std::uint32_t>(index_.size());
        for (const auto& [name, source] : model_->upstreams) {
            auto out = std::make_shared<upstream::Upstream>();
            out->id = registry_.upstream(name);
            out->identity = registry_.hold_upstream(name);
            out->index = index_[name];
            out->name = name;
            std::size_t bad = 0;
            std::string why;
            if (!fill_endpoints(*out, source, registry_, known_, &bad, &why))
                fail("/upstreams/" + escaped(name) + "/endpoints/" + std::to_string(bad) + "/address", why);
            out->balance = source.balance;
            out->balance.hash_key.name = source.balance.hash_key.source == config::Key::Source::header
                                             ? lowered(source.balance.hash_key.name)
                                             : source.balance.hash_key.name;
            out->ejection = source.ejection;
            out->connect_ms = source.timeouts.connect.count();
            out->response_head_ms = source.timeouts.response_head.count();
            out->idle_ms = source.timeouts.idle.count();
            out->queue_ms = source.timeouts.queue.count();
            out->keep.most = source.keepalive.max_idle;
            out->keep.idle_ms = source.keepalive.idle_timeout.count();
            out->slow_start_ms = source.slow_start.count();
            out->when_all_down = source.when_all_down;
            out->queue_limit = source.queue_limit;
            if (out->queue_limit != 0) out->waiting = registry_.waiting_count(name);
            out->send_proxy_protocol = source.send_proxy_protocol;
            out->protocol = source.protocol;
            if (source.tls)
                out->tls = registry_.certificates().outward(*model_, *source.tls,
                                                            "/upstreams/" + escaped(name) + "/tls", errors_);
            // A connection that was introduced speaks for one client only.
            if (out->send_proxy_protocol != 0) out->keep.most = 0;
            out->breaker = source.breaker;
            if (source.breaker.on()) out->breaker_board = registry_.breaker_board(name);
            if (!source.breaker.fallback.empty())
                out->fallback = static_cast<std::int32_t>(index_.at(source.breaker.fallback));
            out->session_cookie = {source.sticky_session.cookie,
                                   config::attributes_text(source.sticky_session.attributes, config::Duration{0})};
            snapshot_->upstreams.push_back(std::move(out));
        }
    }

    std::shared_ptr<const route::Expression> expression(const std::string& pattern, bool groups = false) const {
        return pattern.empty() ? nullptr
                               : std::make_shared<const route::Expression>(pattern, registry_.workers(), groups);
    }

    void expressions(route::Route& out, const config::Route& source) {
        const config::Match& match = source.match;
        out.path_matches = expression(match.path_matches);
        out.host_matches = expression(match.host_matches);
        out.before_expressions = match.before_expressions;
        if (out.path_matches || out.host_matches) {
            out.path_groups = expression(match.path_matches, true);
            out.host_groups = expression(match.host_matches, true);
        }
        for (const auto& way : source.rewrite) out.rewrites.push_back({expression(way.matches, true), way.to});
        const auto refused = [](const auto& one) { return one && one->refused(); };
        if (refused(out.path_matches) || refused(out.host_matches) ||
            std::ranges::any_of(out.rewrites, refused, &route::Rewrite::matches)) {
            log_error(
                "route {}: its match or its rewrite has an expression that this version refuses; what may be its gets "
                "503",
                source.name);
            out.rules.push_back({"match", route::Condition({}), 0, -1, {}, true, 0, false});
        }
    }

    void rules(route::Route& out, const config::Route& source) {
        for (const auto& rule : source.rules) {
            route::Condition when(rule.when, registry_.workers());
            const bool refused = when.refused();
            if (refused)
                log_error(
                    "route {}: rule {} has an expression that this version refuses; requests that come to it get 503",
                    source.name, rule.name);
            const bool answers = rule.respond.status != 0 || rule.deny != 0;
            const bool candidate = rule.upstream == config::kCandidate;
            out.rules.push_back({rule.name, std::move(when), answers ? 0 : index_.at(meant_by(rule, source)), -1,
                                 rule.respond, refused, rule.deny, candidate});
            if (!answers) snapshot_->routed[out.rules.back().upstream] = true;
            if (rule.fallback.empty()) continue;
            out.rules.back().fallback = static_cast<std::int32_t>(index_.at(rule.fallback));
            snapshot_->routed[index_.at(rule.fallback)] = true;
        }
    }

    void arms(route::Route& out, const config::Route& source) {
        for (const auto& [name, weight] : source.split) {
            out.arms.push_back(index_.at(name));
            out.weights.push_back(weight);
            if (weight > 0) snapshot_->routed[out.arms.back()] = true;
        }
        out.split = route::Split(out.weights);
    }

    std::shared_ptr<const route::TokenVerifier> verifier(config::Jwt jwt, const std::string& pointer) {
        std::string why;
        if (auto key = config::secret_value(jwt.key, &why)) {
            jwt.key = std::move(*key);
        } else {
            fail(pointer + "/key", why);
            return nullptr;
        }
        std::shared_ptr<const route::TokenVerifier> out = route::TokenVerifier::make(jwt, &why);
        if (!out) fail(pointer, why);
        return out;
    }

    std::unique_ptr<const route::Concurrency> concurrency(const config::Route& source) {
        auto counts = registry_.key_counts();
        const auto seed = route::concurrency_seed(counts->seed(), source.name);
        return std::make_unique<const route::Concurrency>(
            route::Concurrency{lowered(source.limits.concurrent.key.name), seed, std::move(counts)});
    }

    static void sticky(route::Route& out, const config::Route& source) {
        out.has_sticky = true;
        out.sticky = {source.sticky->key,
                      lowered(source.sticky->key.name),
                      source.sticky->salt.empty() ? source.name : source.sticky->salt,
                      source.sticky->mint,
                      source.sticky->missing,
                      config::attributes_text(source.sticky->attributes, config::kMintedAge)};
    }

    void one_route(std::size_t number) {
        const auto& source = model_->routes[number];
        const std::string pointer = "/routes/" + std::to_string(number);
        auto out = std::make_shared<route::Route>();
        out->id = registry_.route(source.name);
        out->name = source.name;
        out->methods = source.match.methods;
        for (const auto& name : source.match.listeners) out->listeners.push_back(registry_.listener_count(name));
        out->access = route::AccessList::made_of(source.access);
        expressions(*out, source);
        rules(*out, source);
        arms(*out, source);
        out->cursor = registry_.cursor(source.name);
        out->marks = registry_.marks(source.name);
        if (source.sticky) sticky(*out, source);
        const bool groups = !source.match.path_matches.empty() || !source.match.host_matches.empty();
        out->request_edits = route::edits_of(source.request_headers, groups);
        if (source.forwarded_prefix)
            route::set_as_it_stands(out->request_edits, "X-Forwarded-Prefix", source.strip_prefix);
        out->response_edits = route::edits_of(source.response_headers, groups);
        out->answer_rewrites = route::AnswerRewrites::made_of(source.answers, source.expires);
        out->strip_prefix = source.strip_prefix;
        out->replace_prefix = source.replace_prefix;
        out->limits = source.limits;
        out->rate_key_name = lowered(source.limits.rate.key.name);
        if (source.limits.rate.requests > 0) {
            out->rate = route::Rate::of(source.limits.rate.requests, source.limits.rate.per.count(),
                                        source.limits.rate.burst, source.limits.rate.delay_after);
            out->rate_table = registry_.rate_table();
            out->rate_seed = route::rate_seed(*out->rate_table, source.name);
        }
        if (source.limits.concurrent.requests > 0) out->concurrent = concurrency(source);
        if (source.limits.in_flight > 0) out->in_flight = registry_.route_count(source.name);
        out->request_ms = source.timeouts.request.count();
        out->tunnel_idle_ms = source.timeouts.tunnel_idle.count();
        out->connect_ms = source.timeouts.connect.count();
        out->response_head_ms = source.timeouts.response_head.count();
        out->idle_ms = source.timeouts.idle.count();
        out->retries = source.retries;
        out->retries_answers = !source.retries.on.empty() && source.retries.attempts > 0;
        out->grpc_failures = config::grpc_statuses(source.grpc.failures);
        out->grpc_retries = config::grpc_statuses(source.grpc.retry_on);
        out->reroute = source.reroute;
        answer(*out, source);
        if (!source.jwt.algorithm.empty()) out->verifier = verifier(source.jwt, pointer + "/jwt");
        out->debug_headers = source.debug_headers;
        if (source.compress.on()) out->compress = std::make_shared<const config::Compress>(source.compress);
        out->abort_on_close = source.abort_on_close;
        out->allow_connect = source.allow_connect;
        for (const auto& name : source.allow_trailers) out->allow_trailers.push_back(lowered(name));
        if (!source.error_pages.empty()) out->error_pages = pages(source.error_pages);
        out->hold = hold(source);
        snapshot_->route_table->add(source.match, std::move(out));
    }

    void answer(route::RouteAnswer& out, const config::Route& source) {
        out.redirect = source.redirect;
        out.respond = source.respond;
        if (source.static_files.on())
            out.files = std::make_shared<const files::RouteFiles>(
                files::RouteFiles{source.static_files, source.match.path_prefix, registry_.file_pool()});
    }

    std::shared_ptr<const route::ErrorPages> pages(const config::ErrorPages& source) {
        return route::ErrorPages::made_of(source,
                                          [this](const std::string& file) -> std::shared_ptr<const std::string> {
                                              const auto* kept = registry_.pages().find(file);
                                              return kept == nullptr ? nullptr : kept->text;
                                          });
    }

    // Where nothing is held any more, and requests wait that were: those go before others, within the limit that was.
    std::shared_ptr<const route::Hold> hold(const config::Route& source) {
        if (source.hold.on()) {
            auto count = registry_.held_count(source.name);
            count->limit = source.hold.limit;
            return std::make_shared<const route::Hold>(route::Hold{config::parse_moment(source.hold.until).value_or(0),
                                                                   source.hold.limit, std::move(count),
                                                                   source.hold.respond});
        }
        auto count = registry_.held_count_if_any(source.name);
        if (count == nullptr || count->value.load(std::memory_order_relaxed) == 0) return nullptr;
        const auto limit = count->limit;
        return std::make_shared<const route::Hold>(route::Hold{0, limit, std::move(count), {}});
    }

    // A rollout leads to one of the two arms: its beginning has seen to that.
    const std::string& meant_by(const config::Rule& rule, const config::Route& route) const {
        const auto* led = rule.upstream == config::kCandidate ? led_.find(route.name) : nullptr;
        return led != nullptr && index_.contains(*led) ? *led : config::upstream_of(route, rule);
    }

    // An upstream that stands in for one that is routed to is routed to.
    void follow_fallbacks() {
        for (const auto& upstream : snapshot_->upstreams)
            if (snapshot_->routed[upstream->index] && upstream->fallback >= 0)
                snapshot_->routed[static_cast<std::size_t>(upstream->fallback)] = true;
    }

    std::shared_ptr<const config::Model> model_;
    Registry& registry_;
    const KnownAddresses& known_;
    const LedRoutes& led_;
    std::shared_ptr<Snapshot> snapshot_;
    std::vector<config::Error> errors_;
    std::map<std::string, std::uint32_t> index_;
    std::vector<std::shared_ptr<const net::TlsPolicy>> policies_;  // by listener
};

}  // namespace

CompileResult compile(std::shared_ptr<const config::Model> model, std::uint64_t generation, Registry& registry,
                      const KnownAddresses& known, const LedRoutes& led) {
    return Compiler(std::move(model), generation, registry, known, led).run();
}

std::shared_ptr<const Snapshot> with_addresses(const Snapshot& before, Registry& registry,
                                               const KnownAddresses& known) {
    auto next = std::make_shared<Snapshot>(before);
    next->facts = known.version;
    std::size_t i = 0;  // upstreams stand in the model's order
    for (const auto& [name, source] : before.model->upstreams) {
        auto& upstream = next->upstreams[i++];
        if (has_members(*upstream, source, known)) continue;
        auto changed = std::make_shared<upstream::Upstream>(*upstream);
        fill_endpoints(*changed, source, registry, known);  // what could fail has not when this generation was made
        upstream = std::move(changed);
    }
    return next;
}

std::shared_ptr<const Snapshot> with_challenges(std::shared_ptr<const Snapshot> before, const Registry& registry) {
    const auto& open = registry.challenges();
    if (before->listeners.empty() || before->listeners.front()->challenges == open) return before;
    auto next = std::make_shared<Snapshot>(*before);
    for (auto& plan : next->listeners) {
        auto changed = std::make_shared<ListenerPlan>(*plan);
        changed->challenges = open;
        plan = std::move(changed);
    }
    return next;
}

}  // namespace switchyard
