#include "control/metrics/metrics_text.h"

#include <fmt/format.h>

#include <array>

#include "config/model/grpc.h"

namespace switchyard::control {
namespace {

struct Edge {
    std::uint64_t microseconds;
    const char* seconds;
};
// From half a millisecond to a minute: what HTTP exchanges take.
constexpr std::array kEdges{Edge{500, "0.0005"},  Edge{1000, "0.001"},  Edge{2500, "0.0025"}, Edge{5000, "0.005"},
                            Edge{10000, "0.01"},  Edge{25000, "0.025"}, Edge{50000, "0.05"},  Edge{100000, "0.1"},
                            Edge{250000, "0.25"}, Edge{500000, "0.5"},  Edge{1000000, "1"},   Edge{2500000, "2.5"},
                            Edge{5000000, "5"},   Edge{10000000, "10"}, Edge{30000000, "30"}, Edge{60000000, "60"}};
constexpr std::array kClasses{"cut", "1xx", "2xx", "3xx", "4xx", "5xx"};

void histogram(Exposition& out, Exposition::Labels labels, const LatencyTotals& values) {
    for (const auto& edge : kEdges) {
        labels.emplace_back("le", edge.seconds);
        out.sample("_bucket", labels, std::to_string(values.at_most(edge.microseconds)));
        labels.pop_back();
    }
    labels.emplace_back("le", "+Inf");
    out.sample("_bucket", labels, std::to_string(values.total()));
    labels.pop_back();
    out.sample("_sum", labels, fmt::format("{}", values.sum_seconds()));
    out.sample("_count", labels, std::to_string(values.total()));
}

void compression(Exposition& out, const MetricsView& view) {
    const auto each = [&](const char* name, const char* help, auto value) {
        out.family(name, "counter", help);
        for (const auto& [key, traffic] : view.totals->cells())
            if (traffic.coded.answers + traffic.coded.refused != 0)
                out.sample({{"route", view.route_name(key.first)}, {"upstream", view.upstream_name(key.second)}},
                           value(traffic.coded));
    };
    each("switchyard_compressed_answers_total", "Answers that were compressed.",
         [](const CodedCounts& coded) { return coded.answers; });
    each("switchyard_compress_input_bytes_total", "Octets of their bodies as endpoints sent them.",
         [](const CodedCounts& coded) { return coded.bytes_in; });
    each("switchyard_compress_output_bytes_total", "Octets of their bodies compressed.",
         [](const CodedCounts& coded) { return coded.bytes_out; });
    each("switchyard_compress_refused_total",
         "Answers that went as they are because their worker was compressing as many as it may.",
         [](const CodedCounts& coded) { return coded.refused; });
}

void traffic(Exposition& out, const MetricsView& view) {
    const auto labels_of = [&](const auto& key) {
        return Exposition::Labels{{"route", view.route_name(key.first)}, {"upstream", view.upstream_name(key.second)}};
    };
    out.family("switchyard_requests_total", "counter",
               "Exchanges that ended, by class of the status sent to the client.");
    for (const auto& [key, traffic] : view.totals->cells())
        for (std::size_t c = 0; c < kClasses.size(); ++c) {
            if (traffic.by_class[c] == 0) continue;
            auto labels = labels_of(key);
            labels.emplace_back("code_class", kClasses[c]);
            out.sample(labels, traffic.by_class[c]);
        }
    out.family("switchyard_grpc_responses_total", "counter", "Calls of gRPC that ended, by the status the client saw.");
    for (const auto& [key, traffic] : view.totals->cells())
        for (std::size_t s = 0; s < traffic.grpc.size(); ++s) {
            if (traffic.grpc[s] == 0) continue;
            auto labels = labels_of(key);
            labels.emplace_back("status", config::kGrpcStatuses[s]);
            out.sample(labels, traffic.grpc[s]);
        }
    out.family("switchyard_rerouted_total", "counter",
               "Requests meant for this upstream, which had no usable endpoint, and given to another one.");
    for (const auto& [key, traffic] : view.totals->cells())
        if (traffic.rerouted != 0) out.sample(labels_of(key), traffic.rerouted);
    out.family("switchyard_denied_total", "counter",
               "Requests refused by `access` or by a rule that denies; without a route where a listener refused them.");
    for (const auto& [key, traffic] : view.totals->cells())
        if (traffic.denied != 0) out.sample(labels_of(key), traffic.denied);
    compression(out, view);
    out.family("switchyard_request_duration_seconds", "histogram",
               "First byte of the request to last byte of the response.");
    for (const auto& [key, traffic] : view.totals->cells()) histogram(out, labels_of(key), traffic.duration);
    out.family("switchyard_request_bytes_total", "counter", "Bytes received from clients and sent to them.");
    for (const auto& [key, traffic] : view.totals->cells()) {
        auto labels = labels_of(key);
        labels.emplace_back("direction", "in");
        out.sample(labels, traffic.bytes_in);
        labels.back().second = "out";
        out.sample(labels, traffic.bytes_out);
    }
}

void endpoints(Exposition& out, const MetricsView& view) {
    const auto labels_of = [](const EndpointGauge& e) {
        return Exposition::Labels{{"upstream", e.upstream}, {"endpoint", e.address}};
    };
    out.family("switchyard_endpoint_requests_total", "counter", "Attempts that ended, by how.");
    for (const auto& e : view.endpoints) {
        const auto it = view.totals->endpoints().find(e.id);
        const EndpointCounts counts = it == view.totals->endpoints().end() ? EndpointCounts{} : it->second;
        for (const auto& [result, value] : {std::pair{"ok", counts.ok}, std::pair{"failed", counts.failed},
                                            std::pair{"unreachable", counts.unreachable}}) {
            auto labels = labels_of(e);
            labels.emplace_back("result", result);
            out.sample(labels, value);
        }
    }
    out.family("switchyard_endpoint_in_flight", "gauge", "Requests in flight to it, over all workers.");
    for (const auto& e : view.endpoints) out.sample(labels_of(e), std::uint64_t{e.in_flight});
    out.family("switchyard_endpoint_up", "gauge", "1 while health checks find it up and it is not ejected.");
    for (const auto& e : view.endpoints) out.sample(labels_of(e), std::uint64_t{e.up});
    out.family("switchyard_endpoint_ejections_total", "counter", "Times it was taken out for misbehaving.");
    for (const auto& e : view.endpoints) out.sample(labels_of(e), e.ejections);
    out.family("switchyard_name_stale", "gauge",
               "1 while the last look-up of a name has failed; its last good addresses, if any, go on.");
    for (const auto& [name, stale] : view.names_stale) out.sample({{"name", name}}, std::uint64_t{stale});
    out.family("switchyard_discovery_stale_seconds", "gauge",
               "How long the source of an upstream's endpoints has given no answer; 0 while it does.");
    for (const auto& [upstream, d] : view.discovery) out.sample({{"upstream", upstream}}, d.stale_seconds);
    out.family("switchyard_discovery_roll", "gauge", "Number of the newest roll of discovered endpoints.");
    for (const auto& [upstream, d] : view.discovery) out.sample({{"upstream", upstream}}, d.roll);
    out.family("switchyard_discovery_held", "gauge", "Endpoints that are kept though their source names them no more.");
    for (const auto& [upstream, d] : view.discovery)
        for (const auto& [guard, count] : d.held) out.sample({{"upstream", upstream}, {"guard", guard}}, count);
    out.family("switchyard_breaker_open", "gauge", "Workers on which the breaker of an upstream lets nothing pass.");
    for (const auto& [upstream, workers] : view.breakers_open)
        out.sample({{"upstream", upstream}}, std::uint64_t{workers});
    out.family("switchyard_queue_waiting", "gauge", "Requests that wait for a place at an endpoint.");
    for (const auto& [upstream, count] : view.waiting) out.sample({{"upstream", upstream}}, std::uint64_t{count});
    out.family("switchyard_held_requests", "gauge", "Requests that wait because their route is held.");
    for (const auto& [route, count] : view.held) out.sample({{"route", route}}, std::uint64_t{count});
    out.family("switchyard_health_checks_total", "counter", "Active health checks, by result.");
    for (const auto& [upstream, counts] : view.health_checks) {
        out.sample({{"upstream", upstream}, {"result", "ok"}}, counts.first);
        out.sample({{"upstream", upstream}, {"result", "failed"}}, counts.second);
    }
}

void connections(Exposition& out, const MetricsView& view) {
    const auto& counters = view.totals->counters();
    out.family("switchyard_retries_total", "counter", "Attempts made again, by what went wrong with the one before.");
    out.sample({{"reason", "reused"}}, counters.retries_reused);
    out.sample({{"reason", "connect"}}, counters.retries_connect);
    out.sample({{"reason", "status"}}, counters.retries_status);
    out.sample({{"reason", "other"}}, counters.retries_other);
    const auto open = view.totals->connections();
    out.family("switchyard_connections", "gauge", "Open connections, by side and state.");
    out.sample({{"side", "client"}, {"state", "active"}}, open.client - open.client_idle);
    out.sample({{"side", "client"}, {"state", "idle"}}, open.client_idle);
    out.sample({{"side", "upstream"}, {"state", "active"}}, open.upstream - open.upstream_idle);
    out.sample({{"side", "upstream"}, {"state", "idle"}}, open.upstream_idle);
    out.family("switchyard_connections_accepted_total", "counter", "Client connections accepted.");
    out.sample({}, counters.accepted);
    out.family("switchyard_tls_handshakes_total", "counter", "TLS handshakes with clients, by what came of them.");
    out.sample({{"result", "full"}}, counters.tls_full);
    out.sample({{"result", "resumed"}}, counters.tls_resumed);
    out.sample({{"result", "failed"}}, counters.tls_failed);
    out.family("switchyard_tls_handshake_failures_total", "counter",
               "TLS handshakes with clients that came to nothing, by reason.");
    for (std::size_t i = 0; i < kTlsTroubles.size(); ++i)
        out.sample({{"reason", std::string(kTlsTroubles[i])}}, counters.tls_troubles[i]);
    out.family("switchyard_endpoint_tls_handshakes_total", "counter",
               "TLS handshakes with endpoints, by what came of them; untrusted: the certificate was refused.");
    out.sample({{"result", "full"}}, counters.endpoint_tls.full);
    out.sample({{"result", "resumed"}}, counters.endpoint_tls.resumed);
    out.sample({{"result", "failed"}}, counters.endpoint_tls.failed);
    out.sample({{"result", "untrusted"}}, counters.endpoint_tls.untrusted);
}

void certificates(Exposition& out, const MetricsView& view) {
    if (!view.certificates.empty()) {
        out.family("switchyard_certificate_not_after_seconds", "gauge",
                   "When the certificate that is shown ends, in seconds since 1970; none: it cannot be read.");
        for (const auto& [name, one] : view.certificates)
            if (one.not_after != 0) out.sample({{"certificate", name}}, static_cast<std::uint64_t>(one.not_after));
        out.family("switchyard_certificate_trouble", "gauge",
                   "1 while the files of the certificate cannot be used; the one in force stays.");
        for (const auto& [name, one] : view.certificates)
            out.sample({{"certificate", name}}, std::uint64_t{one.trouble});
        out.family("switchyard_certificates_exchanged_total", "counter", "Certificates put in place of others.");
        out.sample({}, view.certificates_exchanged);
    }
    if (!view.acme_failures.empty()) {
        out.family("switchyard_acme_failures", "gauge",
                   "How often in a row an authority has not issued the certificate; 0: it has.");
        for (const auto& [name, failures] : view.acme_failures)
            out.sample({{"certificate", name}}, std::uint64_t{failures});
        out.family("switchyard_acme_orders_total", "counter", "Orders of certificates, by what became of them.");
        out.sample({{"result", "issued"}}, view.acme_issued);
        out.sample({{"result", "failed"}}, view.acme_failed);
    }
}

void process(Exposition& out, const MetricsView& view) {
    const auto& counters = view.totals->counters();
    out.family("switchyard_access_log_dropped_total", "counter", "Access log lines that the disk was too slow for.");
    out.sample({}, counters.log_dropped);
    out.family("switchyard_loop_exceptions_total", "counter",
               "Pieces of work that were given up for an exception; the process log has each.");
    out.sample({{"loop", "worker"}}, counters.escaped);
    out.sample({{"loop", "control"}}, view.totals->escaped_in_control);
    out.family("switchyard_generation", "gauge", "The generation in force.");
    out.sample({}, view.generation);
    LatencyTotals publish;
    publish.add(*view.publish_durations);
    out.family("switchyard_publish_duration_seconds", "histogram", "Publication of a generation to its last adoption.");
    histogram(out, {}, publish);
    out.family("switchyard_store_write_seconds", "gauge",
               "How long the write to the state file that is under way has taken; 0: none is. Above 1 its disk hangs.");
    out.sample("", {}, fmt::format("{}", view.store_seconds));
    out.family("switchyard_drain_in_flight", "gauge", "In flight by older generations to upstreams that are draining.");
    for (const auto& [upstream, count] : view.drain_in_flight) out.sample({{"upstream", upstream}}, count);
    out.family("switchyard_build_info", "gauge", "Always 1; the version is in the label.");
    out.sample({{"version", view.version}}, std::uint64_t{1});
}

}  // namespace

void write_metrics(Exposition& out, const MetricsView& view) {
    traffic(out, view);
    endpoints(out, view);
    connections(out, view);
    certificates(out, view);
    process(out, view);
}

}  // namespace switchyard::control
