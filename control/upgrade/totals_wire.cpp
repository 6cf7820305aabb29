#include "control/upgrade/totals_wire.h"

#include <array>
#include <cmath>
#include <exception>
#include <limits>

#include "control/upgrade/reading.h"

namespace switchyard::control::upgrade {
namespace {

Json latency_text(const LatencyTotals& totals) {
    Json buckets = Json::array();
    for (std::size_t i = 0; i < totals.counts().size(); ++i)
        if (totals.counts()[i] != 0) {
            buckets.push_back(i);
            buckets.push_back(totals.counts()[i]);
        }
    return {{"buckets", std::move(buckets)}, {"sum", totals.sum_seconds()}};
}

LatencyTotals latency_of(const Json& text) {
    LatencyTotals::Counts counts{};
    const auto& buckets = text.at("buckets");
    for (std::size_t i = 0; i + 1 < buckets.size(); i += 2)
        if (const auto bucket = buckets[i].get<std::size_t>(); bucket < counts.size())
            counts[bucket] = buckets[i + 1].get<std::uint64_t>();
    LatencyTotals out;
    // Seconds become microseconds and are shown as seconds again: each step rounds, and the sum must not fall by it.
    const double sum = text.at("sum").get<double>();
    out.go_on_from(counts, sum > 0 ? std::nextafter(sum, std::numeric_limits<double>::infinity()) : 0);
    return out;
}

// The plain numbers, under one list of names for both directions.
template <class Traffic, class Each>
void numbers_of_traffic(Traffic& traffic, const Each& each) {
    each("bytes_in", traffic.bytes_in);
    each("bytes_out", traffic.bytes_out);
    each("attempts", traffic.attempts);
    each("failures", traffic.failures);
    each("aborted", traffic.aborted);
    each("rerouted", traffic.rerouted);
    each("denied", traffic.denied);
    each("coded_answers", traffic.coded.answers);
    each("coded_in", traffic.coded.bytes_in);
    each("coded_out", traffic.coded.bytes_out);
    each("coded_refused", traffic.coded.refused);
}

template <class Counters, class Each>
void numbers_of_counters(Counters& counters, const Each& each) {
    each("accepted", counters.accepted);
    each("tls_full", counters.tls_full);
    each("tls_resumed", counters.tls_resumed);
    each("tls_failed", counters.tls_failed);
    each("refused_full", counters.refused.full);
    each("refused_peers", counters.refused.peers);
    each("refused_clients", counters.refused.clients);
    each("endpoint_tls_full", counters.endpoint_tls.full);
    each("endpoint_tls_resumed", counters.endpoint_tls.resumed);
    each("endpoint_tls_failed", counters.endpoint_tls.failed);
    each("endpoint_tls_untrusted", counters.endpoint_tls.untrusted);
    each("retries_reused", counters.retries_reused);
    each("retries_connect", counters.retries_connect);
    each("retries_status", counters.retries_status);
    each("retries_other", counters.retries_other);
    each("log_dropped", counters.log_dropped);
    each("escaped", counters.escaped);
}

auto writing(Json& out) {
    return [&out](const char* name, std::uint64_t value) { out[name] = value; };
}
auto reading(const Json& in) {
    return [&in](const char* name, std::uint64_t& value) { value = in.value(name, std::uint64_t{0}); };
}

Totals::Beginning read_totals(const Json& text, const Numbers& numbers) {
    Totals::Beginning out;
    for (const auto& each : text.at("cells")) {
        auto& traffic = out.cells[{numbers.route(each.at("route").get<std::string>()),
                                   numbers.upstream(each.at("upstream").get<std::string>())}];
        read(list(each, "by_class"), traffic.by_class);
        read(list(each, "grpc"), traffic.grpc);
        numbers_of_traffic(traffic, reading(each));
        traffic.duration = latency_of(each.at("duration"));
    }
    for (const auto& each : text.at("endpoints")) {
        std::array<std::uint64_t, 3> counts{};
        read(list(each, "counts"), counts);
        out.endpoints[numbers.endpoint(each.at("upstream").get<std::string>(), each.at("address").get<std::string>())] =
            {counts[0], counts[1], counts[2]};
    }
    const auto& counters = text.at("counters");
    numbers_of_counters(out.counters, reading(counters));
    read(list(counters, "tls_troubles"), out.counters.tls_troubles);
    out.escaped_in_control = counters.value("escaped_in_control", std::uint64_t{0});
    return out;
}

}  // namespace

Json totals_text(const Totals& totals, const Names& names) {
    Json out = {{"cells", Json::array()}, {"endpoints", Json::array()}, {"counters", Json::object()}};
    for (const auto& [key, traffic] : totals.cells()) {
        // Id 0 is no route and no upstream, and has no name; another one without a name is not known any more.
        const auto route = names.route(key.first), upstream = names.upstream(key.second);
        if ((key.first != 0 && route.empty()) || (key.second != 0 && upstream.empty())) continue;
        Json cell = {{"route", route}, {"upstream", upstream}, {"by_class", traffic.by_class}, {"grpc", traffic.grpc}};
        numbers_of_traffic(traffic, writing(cell));
        cell["duration"] = latency_text(traffic.duration);
        out["cells"].push_back(std::move(cell));
    }
    for (const auto& [id, counts] : totals.endpoints())
        if (const auto [upstream, address] = names.endpoint(id); !address.empty())
            out["endpoints"].push_back({{"upstream", upstream},
                                        {"address", address},
                                        {"counts", {counts.ok, counts.failed, counts.unreachable}}});
    auto& counters = out["counters"];
    numbers_of_counters(totals.counters(), writing(counters));
    counters["tls_troubles"] = totals.counters().tls_troubles;
    counters["escaped_in_control"] = totals.escaped_in_control;
    return out;
}

Totals::Beginning totals_of(const Json& text, const Numbers& numbers) try {
    return text.is_object() ? read_totals(text, numbers) : Totals::Beginning{};
} catch (const std::exception&) {
    return {};
}

}  // namespace switchyard::control::upgrade
