#include "control/upgrade/report_wire.h"

#include <algorithm>
#include <array>
#include <exception>

#include "control/upgrade/reading.h"

namespace switchyard::control::upgrade {
namespace {

// Nearly all of a histogram is empty: its buckets by number, each with its count.
Json sparse(const Histogram& histogram) {
    Json out = Json::array();
    for (std::size_t i = 0; i < Histogram::kBuckets; ++i)
        if (histogram.at(i) != 0) {
            out.push_back(i);
            out.push_back(histogram.at(i));
        }
    return out;
}

void read_histogram(const Json& from, Histogram& to) {
    for (std::size_t i = 0; i + 1 < from.size(); i += 2)
        if (const auto bucket = from[i].get<std::size_t>(); bucket < Histogram::kBuckets)
            to.add(bucket, from[i + 1].get<std::uint64_t>());
}

std::uint16_t bounded(const Json& from) {
    return static_cast<std::uint16_t>(std::min<std::uint64_t>(from.get<std::uint64_t>(), 0xffff));
}

Json coded_text(const CodedCounts& coded) {
    return {coded.answers, coded.bytes_in, coded.bytes_out, coded.refused};
}

CodedCounts coded_of(const Json& text) {
    std::array<std::uint64_t, 4> counts{};
    read(text, counts);
    return {counts[0], counts[1], counts[2], counts[3]};
}

Json cell_text(const Cell& cell) {
    return {{"by_class", cell.by_class},
            {"bytes", {cell.bytes_in, cell.bytes_out}},
            {"attempts", cell.attempts},
            {"failures", cell.failures},
            {"answers", cell.answers},
            {"aborted", cell.aborted},
            {"denied", cell.denied},
            {"coded", coded_text(cell.coded)},
            {"grpc", cell.grpc},
            {"rerouted", cell.rerouted},
            {"duration", sparse(cell.duration)},
            {"first_byte", sparse(cell.first_byte)},
            {"whole", sparse(cell.whole)}};
}

std::unique_ptr<Cell> cell_of(const Json& text) {
    auto out = std::make_unique<Cell>();
    read(list(text, "by_class"), out->by_class);
    std::array<std::uint64_t, 2> bytes{};
    read(list(text, "bytes"), bytes);
    out->bytes_in = bytes[0], out->bytes_out = bytes[1];
    out->attempts = text.value("attempts", std::uint64_t{0});
    out->failures = text.value("failures", std::uint64_t{0});
    read(list(text, "answers"), out->answers);
    out->aborted = text.value("aborted", std::uint64_t{0});
    out->denied = text.value("denied", std::uint64_t{0});
    out->coded = coded_of(list(text, "coded"));
    read(list(text, "grpc"), out->grpc);
    out->rerouted = text.value("rerouted", std::uint64_t{0});
    read_histogram(list(text, "duration"), out->duration);
    read_histogram(list(text, "first_byte"), out->first_byte);
    read_histogram(list(text, "whole"), out->whole);
    return out;
}

Json buckets_text(const FailedBuckets& buckets, const Names& names) {
    Json samples = Json::array();
    for (const auto& s : buckets.samples)
        samples.push_back({s.bucket, s.latency, s.canary ? 1 : 0, static_cast<unsigned>(s.answer), s.whole, s.told_head,
                           s.told_whole});
    return {{"route", names.route(buckets.route)},
            {"generation", buckets.generation},
            {"canary", buckets.canary},
            {"baseline", buckets.baseline},
            {"samples", std::move(samples)}};
}

FailedBuckets buckets_of(const Json& text, const Numbers& numbers) {
    FailedBuckets out;
    out.route = numbers.route(text.value("route", ""));
    out.generation = text.value("generation", std::uint64_t{0});
    for (const auto& each : list(text, "canary")) out.canary.push_back(bounded(each));
    for (const auto& each : list(text, "baseline")) out.baseline.push_back(bounded(each));
    for (const auto& each : list(text, "samples")) {
        if (each.size() < 7) continue;
        FailedBuckets::Sample sample;
        sample.bucket = bounded(each[0]);
        sample.latency = bounded(each[1]);
        sample.canary = each[2].get<unsigned>() != 0;
        sample.answer = static_cast<AnswerKind>(
            std::min<unsigned>(each[3].get<unsigned>(), static_cast<unsigned>(AnswerKind::ordinary)));
        sample.whole = bounded(each[4]);
        sample.told_head = bounded(each[5]);
        sample.told_whole = bounded(each[6]);
        out.samples.push_back(sample);
    }
    return out;
}

constexpr unsigned kOver = 1, kHashed = 2, kCanary = 4, kKeyless = 8;

Json passage_text(const Passage& p, const Names& names) {
    const unsigned flags =
        (p.over ? kOver : 0U) | (p.hashed ? kHashed : 0U) | (p.canary ? kCanary : 0U) | (p.keyless ? kKeyless : 0U);
    return {p.generation,
            names.route(p.route),
            names.upstream(p.upstream),
            p.from,
            p.to,
            p.bucket,
            static_cast<unsigned>(p.of),
            flags};
}

Passage passage_of(const Json& text, const Numbers& numbers) {
    Passage out;
    out.generation = text.at(0).get<std::uint64_t>();
    out.route = numbers.route(text.at(1).get<std::string>());
    out.upstream = numbers.upstream(text.at(2).get<std::string>());
    out.from = bounded(text.at(3));
    out.to = bounded(text.at(4));
    out.bucket = bounded(text.at(5));
    out.of = static_cast<Passage::Of>(std::min(text.at(6).get<unsigned>(), static_cast<unsigned>(Passage::Of::whole)));
    const auto flags = text.at(7).get<unsigned>();
    out.over = (flags & kOver) != 0;
    out.hashed = (flags & kHashed) != 0;
    out.canary = (flags & kCanary) != 0;
    out.keyless = (flags & kKeyless) != 0;
    return out;
}

// The plain numbers, under one list of names for both directions.
template <class Report, class Each>
void numbers_of(Report& report, const Each& each) {
    each("client_connections", report.client_connections);
    each("client_connections_idle", report.client_connections_idle);
    each("upstream_connections", report.upstream_connections);
    each("upstream_connections_idle", report.upstream_connections_idle);
    each("accepted", report.accepted);
    each("tls_full", report.tls_full);
    each("tls_resumed", report.tls_resumed);
    each("tls_failed", report.tls_failed);
    each("refused_full", report.refused.full);
    each("refused_peers", report.refused.peers);
    each("refused_clients", report.refused.clients);
    each("endpoint_tls_full", report.endpoint_tls.full);
    each("endpoint_tls_resumed", report.endpoint_tls.resumed);
    each("endpoint_tls_failed", report.endpoint_tls.failed);
    each("endpoint_tls_untrusted", report.endpoint_tls.untrusted);
    each("retries_reused", report.retries_reused);
    each("retries_connect", report.retries_connect);
    each("retries_status", report.retries_status);
    each("retries_other", report.retries_other);
    each("log_dropped", report.log_dropped);
    each("escaped", report.escaped);
}

WorkerReport read_report(const Json& text, const Numbers& numbers) {
    WorkerReport out;
    out.worker = text.value("worker", 0U);
    for (const auto& each : list(text, "cells"))
        out.cells.push_back({numbers.route(each.value("route", "")), numbers.upstream(each.value("upstream", "")),
                             cell_of(each), each.value("generation", std::uint64_t{0}), each.value("keyless", false)});
    for (const auto& each : list(text, "endpoints")) {
        std::array<std::uint64_t, 3> counts{};
        read(list(each, "counts"), counts);
        out.endpoints.push_back({numbers.endpoint(each.value("upstream", ""), each.value("address", "")),
                                 {counts[0], counts[1], counts[2]},
                                 each.value("refused", "")});
    }
    for (const auto& each : list(text, "in_flight"))
        out.in_flight.push_back({each.value("generation", std::uint64_t{0}),
                                 numbers.upstream(each.value("upstream", "")), each.value("requests", std::uint64_t{0}),
                                 each.value("tunnels", std::uint64_t{0}), each.value("streams", std::uint64_t{0})});
    for (const auto& each : list(text, "failed_buckets")) out.failed_buckets.push_back(buckets_of(each, numbers));
    for (const auto& each : list(text, "endpoint_failures"))
        out.endpoint_failures.push_back({numbers.route(each.value("route", "")),
                                         numbers.endpoint(each.value("upstream", ""), each.value("address", "")),
                                         each.value("failures", std::uint64_t{0}),
                                         each.value("generation", std::uint64_t{0})});
    out.ages = text.value("ages", false);
    for (const auto& each : list(text, "passages")) out.passages.push_back(passage_of(each, numbers));
    for (const auto& each : list(text, "heads_waited")) {
        HeadsWaited waited{numbers.route(each.value("route", "")), numbers.upstream(each.value("upstream", "")),
                           each.value("generation", std::uint64_t{0}), each.value("keyless", false),
                           std::make_unique<Histogram>()};
        read_histogram(list(each, "ages"), *waited.ages);
        out.heads_waited.push_back(std::move(waited));
    }
    read(list(text, "tls_troubles"), out.tls_troubles);
    numbers_of(out, [&](const char* name, std::uint64_t& value) { value = text.value(name, std::uint64_t{0}); });
    return out;
}

Json counts_text(const std::map<std::string, std::uint32_t>& counts) {
    Json out = Json::object();
    for (const auto& [name, count] : counts) out[name] = count;
    return out;
}

void read_counts(const Json& from, std::map<std::string, std::uint32_t>& to) {
    for (const auto& [name, count] : from.items())
        if (count.is_number_unsigned()) to[name] = count.get<std::uint32_t>();
}

}  // namespace

Json report_text(const WorkerReport& report, const Names& names) {
    Json out = {{"worker", report.worker}};
    const auto add = [&](const char* to, Json each) { out[to].push_back(std::move(each)); };
    for (const auto& delta : report.cells) {
        Json cell = cell_text(*delta.cell);
        cell["route"] = names.route(delta.route);
        cell["upstream"] = names.upstream(delta.upstream);
        cell["generation"] = delta.generation;
        if (delta.keyless) cell["keyless"] = true;
        add("cells", std::move(cell));
    }
    for (const auto& delta : report.endpoints) {
        const auto [upstream, address] = names.endpoint(delta.endpoint);
        if (address.empty()) continue;
        Json one = {{"upstream", upstream},
                    {"address", address},
                    {"counts", {delta.counts.ok, delta.counts.failed, delta.counts.unreachable}}};
        if (!delta.refused.empty()) one["refused"] = delta.refused;
        add("endpoints", std::move(one));
    }
    for (const auto& flight : report.in_flight)
        add("in_flight", {{"generation", flight.generation},
                          {"upstream", names.upstream(flight.upstream)},
                          {"requests", flight.requests},
                          {"tunnels", flight.tunnels},
                          {"streams", flight.streams}});
    for (const auto& buckets : report.failed_buckets) add("failed_buckets", buckets_text(buckets, names));
    for (const auto& failing : report.endpoint_failures) {
        const auto [upstream, address] = names.endpoint(failing.endpoint);
        if (!address.empty())
            add("endpoint_failures", {{"route", names.route(failing.route)},
                                      {"upstream", upstream},
                                      {"address", address},
                                      {"failures", failing.failures},
                                      {"generation", failing.generation}});
    }
    if (report.ages) out["ages"] = true;
    for (const auto& passage : report.passages) add("passages", passage_text(passage, names));
    for (const auto& waited : report.heads_waited) {
        Json one = {{"route", names.route(waited.route)},
                    {"upstream", names.upstream(waited.upstream)},
                    {"generation", waited.generation},
                    {"ages", sparse(*waited.ages)}};
        if (waited.keyless) one["keyless"] = true;
        add("heads_waited", std::move(one));
    }
    if (std::any_of(report.tls_troubles.begin(), report.tls_troubles.end(), [](auto n) { return n != 0; }))
        out["tls_troubles"] = report.tls_troubles;
    numbers_of(report, [&](const char* name, std::uint64_t value) {
        if (value != 0) out[name] = value;
    });
    return out;
}

std::optional<WorkerReport> report_of(const Json& text, const Numbers& numbers) try {
    if (!text.is_object()) return std::nullopt;
    return read_report(text, numbers);
} catch (const std::exception&) {
    return std::nullopt;
}

Json share_text(const InFlightShare& share) {
    Json endpoints = Json::array();
    for (const auto& [key, count] : share.endpoints) endpoints.push_back({key.first, key.second, count});
    return {{"endpoints", std::move(endpoints)},
            {"routes", counts_text(share.routes)},
            {"listeners", counts_text(share.listeners)},
            {"waiting", counts_text(share.waiting)}};
}

InFlightShare share_of(const Json& text) try {
    InFlightShare out;
    for (const auto& each : list(text, "endpoints"))
        out.endpoints[{each.at(0).get<std::string>(), each.at(1).get<std::string>()}] = each.at(2).get<std::uint32_t>();
    read_counts(part(text, "routes"), out.routes);
    read_counts(part(text, "listeners"), out.listeners);
    read_counts(part(text, "waiting"), out.waiting);
    return out;
} catch (const std::exception&) {
    return {};
}

}  // namespace switchyard::control::upgrade
