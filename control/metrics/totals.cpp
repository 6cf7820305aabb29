#include "control/metrics/totals.h"

#include <algorithm>
#include <functional>

namespace switchyard::control {
namespace {

std::int64_t second_of(Totals::Time now) {
    return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

}  // namespace

void LatencyTotals::add(const Histogram& growth) {
    for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
        const std::uint64_t n = growth.at(i);
        if (n == 0) continue;
        counts_[i] += n;
        total_ += n;
        const double middle = (static_cast<double>(Histogram::lower(i)) + static_cast<double>(Histogram::upper(i))) / 2;
        sum_us_ += middle * static_cast<double>(n);
    }
}

void LatencyTotals::go_on_from(const Counts& counts, double sum_seconds) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
        counts_[i] += counts[i];
        total_ += counts[i];
    }
    sum_us_ += sum_seconds * 1e6;
}

std::uint64_t LatencyTotals::at_most(std::uint64_t microseconds) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < Histogram::kBuckets && Histogram::lower(i) <= microseconds; ++i) sum += counts_[i];
    return sum;
}

void Totals::add(const WorkerReport& report, Time now) {
    const auto second = second_of(now);
    for (const auto& delta : report.cells) {
        const std::pair key{delta.route, delta.upstream};
        const Cell& cell = *delta.cell;
        auto& traffic = cells_[key];
        auto& window = windows_[key];
        if (!window) window = std::make_unique<Window>();
        auto& slot = (*window)[static_cast<std::size_t>(second) % window->size()];
        if (slot.second != second) {
            slot.second = second;
            slot.requests = slot.errors = 0;
            slot.duration.clear();
        }
        for (std::size_t c = 0; c < cell.by_class.size(); ++c) {
            traffic.by_class[c] += cell.by_class[c];
            slot.requests += cell.by_class[c];
        }
        slot.errors += cell.by_class[5] + cell.by_class[0];
        for (std::size_t s = 0; s < cell.grpc.size(); ++s) traffic.grpc[s] += cell.grpc[s];
        traffic.bytes_in += cell.bytes_in;
        traffic.bytes_out += cell.bytes_out;
        traffic.attempts += cell.attempts;
        traffic.failures += cell.failures;
        traffic.aborted += cell.aborted;
        traffic.rerouted += cell.rerouted;
        traffic.denied += cell.denied;
        traffic.coded += cell.coded;
        traffic.duration.add(cell.duration);
        slot.duration.merge(cell.duration);
    }
    for (const auto& delta : report.endpoints) {
        auto& counts = endpoints_[delta.endpoint];
        counts.ok += delta.counts.ok;
        counts.failed += delta.counts.failed;
        counts.unreachable += delta.counts.unreachable;
        if (delta.refused.empty()) continue;
        auto& refused = refused_[delta.endpoint];
        if (refused.size() == kRefusedKept) refused.erase(refused.begin());
        refused.push_back({now, delta.refused});
    }
    connections_[report.worker] = {report.client_connections, report.client_connections_idle,
                                   report.upstream_connections, report.upstream_connections_idle};
    in_flight_[report.worker] = report.in_flight;
    add_counters(report);
}

void Totals::add_counters(const WorkerReport& report) {
    counters_.accepted += report.accepted;
    counters_.tls_full += report.tls_full;
    counters_.tls_resumed += report.tls_resumed;
    counters_.tls_failed += report.tls_failed;
    counters_.refused.full += report.refused.full;
    counters_.refused.peers += report.refused.peers;
    counters_.refused.clients += report.refused.clients;
    for (std::size_t i = 0; i < report.tls_troubles.size(); ++i) counters_.tls_troubles[i] += report.tls_troubles[i];
    counters_.endpoint_tls.full += report.endpoint_tls.full;
    counters_.endpoint_tls.resumed += report.endpoint_tls.resumed;
    counters_.endpoint_tls.failed += report.endpoint_tls.failed;
    counters_.endpoint_tls.untrusted += report.endpoint_tls.untrusted;
    counters_.retries_reused += report.retries_reused;
    counters_.retries_connect += report.retries_connect;
    counters_.retries_status += report.retries_status;
    counters_.retries_other += report.retries_other;
    counters_.log_dropped += report.log_dropped;
    counters_.escaped += report.escaped;
}

void Totals::go_on_from(Beginning beginning) {
    cells_ = std::move(beginning.cells);
    endpoints_ = std::move(beginning.endpoints);
    counters_ = beginning.counters;
    escaped_in_control = beginning.escaped_in_control;
}

void Totals::forget_workers(unsigned from, unsigned to) {
    connections_.erase(connections_.lower_bound(from), connections_.lower_bound(to));
    in_flight_.erase(in_flight_.lower_bound(from), in_flight_.lower_bound(to));
}

const std::vector<Totals::Refused>& Totals::refused_of(std::uint32_t endpoint) const {
    static const std::vector<Refused> none;
    const auto found = refused_.find(endpoint);
    return found == refused_.end() ? none : found->second;
}

void Totals::forget(const Key& key) {
    cells_.erase(key);
    windows_.erase(key);
    gone_since_.erase(key);
}

void Totals::forget_route(std::uint32_t id) {
    std::vector<Key> gone;
    for (const auto& [key, traffic] : cells_)
        if (key.first == id) gone.push_back(key);
    for (const auto& key : gone) forget(key);
}

void Totals::forget_upstream(std::uint32_t id) {
    std::vector<Key> gone;
    for (const auto& [key, traffic] : cells_)
        if (key.second == id) gone.push_back(key);
    for (const auto& key : gone) forget(key);
}

void Totals::configured(const std::set<std::uint32_t>& routes, const std::set<std::uint32_t>& upstreams, Time now) {
    const auto among = [](const std::set<std::uint32_t>& all, std::uint32_t id) {
        return id == 0 || all.count(id) != 0;
    };
    std::vector<std::pair<Time, Key>> gone;
    for (const auto& [key, traffic] : cells_)
        if (among(routes, key.first) && among(upstreams, key.second))
            gone_since_.erase(key);
        else
            gone.emplace_back(gone_since_.try_emplace(key, now).first->second, key);
    std::sort(gone.begin(), gone.end(), std::greater<>());
    for (std::size_t i = 0; i < gone.size(); ++i)
        if (i >= kMostGone || now - gone[i].first >= kGrace) forget(gone[i].second);
    looked_through_ = cells_.size();
}

Totals::Connections Totals::connections() const {
    Connections sum;
    for (const auto& [worker, c] : connections_) {
        sum.client += c.client;
        sum.client_idle += c.client_idle;
        sum.upstream += c.upstream;
        sum.upstream_idle += c.upstream_idle;
    }
    return sum;
}

std::map<std::uint32_t, std::uint64_t> Totals::in_flight() const {
    std::map<std::uint32_t, std::uint64_t> sum;
    for (const auto& [worker, held] : in_flight_)
        for (const auto& f : held) sum[f.upstream] += f.all();
    return sum;
}

template <class Wanted>
Totals::Recent Totals::gather(Wanted wanted, Time now) const {
    const auto current = second_of(now);
    Histogram merged;
    std::uint64_t requests = 0, errors = 0;
    for (const auto& [key, window] : windows_) {
        if (!wanted(key.first, key.second)) continue;
        for (const auto& slot : *window) {
            if (slot.second >= current || slot.second < current - static_cast<std::int64_t>(kWindowSeconds)) continue;
            requests += slot.requests;
            errors += slot.errors;
            merged.merge(slot.duration);
        }
    }
    return {static_cast<double>(requests) / kWindowSeconds, static_cast<double>(errors) / kWindowSeconds,
            merged.quantile(0.5), merged.quantile(0.9), merged.quantile(0.99)};
}

Totals::Recent Totals::recent_of_route(std::uint32_t route, Time now) const {
    return gather([route](std::uint32_t r, std::uint32_t) { return r == route; }, now);
}

Totals::Recent Totals::recent_of_upstream(std::uint32_t upstream, Time now) const {
    return gather([upstream](std::uint32_t, std::uint32_t u) { return u == upstream; }, now);
}

Totals::Recent Totals::recent(Time now) const {
    return gather([](std::uint32_t, std::uint32_t) { return true; }, now);
}

}  // namespace switchyard::control
