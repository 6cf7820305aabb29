// GET /v1/status · /metrics · /healthz · /readyz · /v1/openapi.json
#include <algorithm>

#include "config/model/candidate.h"
#include "control/admin/call/body.h"
#include "control/admin/explain/openapi.h"
#include "control/admin/handlers/certificate_view.h"
#include "control/admin/handlers/handlers.h"
#include "control/admin/handlers/upstream_view.h"
#include "control/metrics/metrics_text.h"
#include "control/rollout/runner/rollout_metrics.h"
#include "proxy/net/listening_socket.h"
#include "proxy/snapshot/members.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control::handlers {
namespace {

MetricsView::DiscoveryGauge discovery_gauge(const discovery::Sight& sight) {
    using Held = discovery::Roll::Held;
    MetricsView::DiscoveryGauge out;
    if (sight.stale) out.stale_seconds = static_cast<double>(sight.stale->count()) / 1000;
    out.roll = sight.roll;
    for (const auto held : {Held::hold, Held::parts, Held::mass, Held::kept_last, Held::empty, Held::error})
        out.held[discovery::word(held)] = static_cast<std::uint64_t>(
            std::ranges::count_if(sight.members, [&](const auto& member) { return member.held == held; }));
    return out;
}

Json route_view(Context& context, const config::Route& route, Totals::Time now) {
    Json out = {{"name", route.name}};
    auto& split = out["split"] = Json::object();
    for (const auto& [upstream, weight] : route.split) split[upstream] = weight;
    if (const auto* candidate = config::candidate_of(route)) {
        const auto led_to = context.rollouts.holder(route.name).to;
        out["candidate"] = led_to.empty() ? *candidate : led_to;
    }
    if (route.hold.on()) {
        out["hold"] = {{"until", route.hold.until}};
        if (route.hold.respond.status != 0)
            out["hold"]["status"] = route.hold.respond.status;
        else
            out["hold"]["waiting"] = context.registry.held_count(route.name)->value.load(std::memory_order_relaxed);
    }
    if (!route.rules.empty()) {
        auto& rules = out["rules"] = Json::array();
        for (const auto& rule : route.rules) {
            auto& shown = rules.emplace_back(Json{{"name", rule.name}});
            if (rule.upstream.empty())
                shown["status"] = config::status_of(rule);
            else
                shown["upstream"] = rule.upstream;
            if (!rule.fallback.empty()) shown["fallback"] = rule.fallback;
        }
    }
    out.update(recent_view(context.totals.recent_of_route(context.registry.route(route.name), now)));
    return out;
}

Json file_view(const FileStatus& file) {
    Json out = {{"path", file.path}, {"hash", file.hash}, {"state", word(file.word)}, {"since", file.since}};
    if (!file.problem) return out;
    const Json problem = to_json(*file.problem);
    for (const char* key : {"detail", "errors", "conflicts"})
        if (problem.contains(key)) out[key] = problem[key];
    return out;
}

// A process of before that is behind takes nothing from what this one does.
bool ready(const Context& context) {
    return context.controller.adoption().here(context.controller.generation()) && context.settled();
}

}  // namespace

void healthz(Context&, const AdminRequest&, Respond respond) {
    respond(reply(Json{{"status", "alive"}}));
}

void readyz(Context& context, const AdminRequest&, Respond respond) {
    if (ready(context)) return respond(reply(Json{{"status", "ready"}}));
    respond(reply(Problem(503, "not-ready",
                          "some worker has not adopted the generation in force, or the endpoints "
                          "were not checked yet since the start")));
}

void status(Context& context, const AdminRequest&, Respond respond) {
    auto& controller = context.controller;
    const auto& model = controller.model();
    const auto now = std::chrono::steady_clock::now();
    Json out = {{"version", context.version},
                {"generation", controller.generation()},
                {"ready", ready(context)},
                {"started_at", timestamp(context.started)},
                {"uptime_s", std::chrono::duration_cast<std::chrono::seconds>(now - context.up_since).count()},
                {"config_file", context.config_file},
                {"file", file_view(controller.file())}};
    const auto behind = controller.adoption().behind(controller.generation());
    out["workers"] = {{"adopted", controller.adoption().count() - behind.size()},
                      {"of", controller.adoption().count()}};
    if (!behind.empty()) out["workers"]["waiting_for"] = behind;
    if (controller.pending())
        out["pending"] = {{"generation", controller.pending()->generation},
                          {"confirm_by", timestamp(from_unix_ms(controller.pending()->deadline_ms))}};
    if (const auto& unstored = controller.unstored(); !unstored.commits.empty())
        out["unstored"] = {{"generation", controller.generation()},
                           {"stored", unstored.stored},
                           {"changes", unstored.commits.back().generation.changes},
                           {"since", unstored.since},
                           {"why", unstored.why}};
    if (auto before = context.upgrade()["predecessors"]; !before.empty()) out["predecessors"] = std::move(before);
    const auto store = controller.writer().sight();
    out["store"] = {{"waiting", store.waiting + controller.waiting()}};
    if (store.under_way)
        out["store"]["under_way_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(*store.under_way).count();
    out["traffic"] = recent_view(context.totals.recent(now));
    const auto connections = context.totals.connections();
    out["connections"] = {{"client", connections.client},
                          {"client_idle", connections.client_idle},
                          {"upstream", connections.upstream},
                          {"upstream_idle", connections.upstream_idle}};
    auto& listeners = out["listeners"] = Json::array();
    for (std::size_t i = 0; i < model.listeners.size(); ++i)  // the snapshot's stand in the model's order
        listeners.push_back({{"name", model.listeners[i].name},
                             {"bind", model.listeners[i].bind.text()},
                             {"bound", controller.snapshot()->listeners[i]->sockets->bound().text()}});
    auto& routes = out["routes"] = Json::array();
    for (const auto& route : model.routes) routes.push_back(route_view(context, route, now));
    auto& upstreams = out["upstreams"] = Json::object();
    for (const auto& [name, upstream] : model.upstreams) upstreams[name] = upstream_view(context, name, upstream);
    // What is well is in GET /v1/certificates.
    Json uneasy = Json::array();
    for (const auto& one : context.certificates.sights())
        if (const auto asked = context.acme.status(one.name);
            !one.listeners.empty() &&
            (one.standing.stage != 0 || !one.trouble.empty() || (asked && asked->failures != 0)))
            uneasy.push_back(certificate_view(one, asked));
    if (!uneasy.empty()) out["certificates"] = std::move(uneasy);
    auto notices = context.notices;
    for (auto& trouble : context.registry.pages().troubles(model)) notices.push_back(std::move(trouble));
    if (!notices.empty()) out["notices"] = std::move(notices);
    respond(reply(out));
}

void metrics(Context& context, const AdminRequest&, Respond respond) {
    MetricsView view;
    view.totals = &context.totals;
    view.route_name = [&](std::uint32_t id) { return context.registry.route_name(id); };
    view.upstream_name = [&](std::uint32_t id) { return context.registry.upstream_name(id); };
    for (const auto& [name, upstream] : context.controller.model().upstreams) {
        if (const auto sight = breaker_sight(context.registry, name, upstream)) view.breakers_open[name] = sight->open;
        if (const auto sight = context.discovery.sight(name)) view.discovery[name] = discovery_gauge(*sight);
        if (const auto waiting = waiting_in_queue(context.registry, name, upstream)) view.waiting[name] = *waiting;
        for (const auto& endpoint : endpoints_of(name, upstream, context.names.known())) {
            const auto members = members_of(endpoint.address, context.names.known());
            if (endpoint.address.kind == config::Address::Kind::name)
                view.names_stale[endpoint.address.host] =
                    context.names.sight(endpoint.address.host).standing != AddressBook::Standing::current;
            if (members.empty())
                view.endpoints.push_back({EndpointGauge::kNoEndpoint, name, endpoint.address.text(), false, 0, 0});
            for (const auto& member : members) {
                const auto state = context.registry.endpoint(name, member.identity);
                const auto ejections = context.ejection.total().find({name, member.identity});
                view.endpoints.push_back({state->id, name, member.identity, state->healthy(),
                                          state->in_flight.load(std::memory_order_relaxed),
                                          ejections == context.ejection.total().end() ? 0 : ejections->second});
            }
        }
    }
    for (const auto& route : context.controller.model().routes)
        if (route.hold.on())
            view.held[route.name] = context.registry.held_count(route.name)->value.load(std::memory_order_relaxed);
    view.generation = context.controller.generation();
    view.publish_durations = &context.controller.publish_durations();
    for (const auto* drain : context.controller.drains().newest_first())
        if (drain->state == Drain::State::running)
            for (const auto& [upstream, count] : context.controller.drains().in_flight(*drain)) {
                // The newest drain of an upstream counts everything older as well.
                view.drain_in_flight.try_emplace(upstream, count.all());
            }
    for (const auto& [upstream, counts] : context.health.counts())
        view.health_checks[upstream] = {counts.ok, counts.failed};
    for (const auto& one : context.certificates.sights())
        if (!one.listeners.empty())
            view.certificates[one.name] = {one.identity ? one.identity->not_after : 0, !one.trouble.empty()};
    for (const auto& [name, one] : view.certificates)
        if (const auto asked = context.acme.status(name)) view.acme_failures[name] = asked->failures;
    view.acme_issued = context.acme.counts().issued;
    view.acme_failed = context.acme.counts().failed;
    view.certificates_exchanged = context.certificates.exchanged();
    if (const auto store = context.controller.writer().sight(); store.under_way)
        view.store_seconds = std::chrono::duration<double>(*store.under_way).count();
    view.version = context.version;

    Exposition exposition;
    write_metrics(exposition, view);
    rollout::write_rollout_metrics(exposition, context.rollouts);
    AdminReply out;
    out.content_type = "text/plain; version=0.0.4; charset=utf-8";
    out.body = exposition.take();
    respond(std::move(out));
}

void openapi(Context& context, const AdminRequest&, Respond respond) {
    respond(reply(openapi_document(context.version)));
}

}  // namespace switchyard::control::handlers
