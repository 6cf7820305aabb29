#include "bench/yardbench/report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace yardbench {
namespace {

constexpr std::array<std::pair<const char*, double>, 4> kQuantiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

nlohmann::json failures_json(const std::array<std::uint64_t, kFailureKinds>& failures) {
    nlohmann::json out = nlohmann::json::object();
    for (std::size_t i = 1; i < kFailureKinds; ++i)
        if (failures[i] > 0) out[std::string(kFailureNames[i])] = failures[i];
    return out;
}

// In the order of their first step. Steps of different groups may have one name: they are one kind of request then.
std::vector<std::pair<std::string, Part>> parts_by_name(const Tally& t, const std::vector<std::string>& tag_names) {
    std::vector<std::pair<std::string, Part>> parts;
    for (std::size_t i = 0; i < tag_names.size() && i < t.by_tag.size(); ++i) {
        const auto known =
            std::find_if(parts.begin(), parts.end(), [&](const auto& p) { return p.first == tag_names[i]; });
        if (known == parts.end())
            parts.emplace_back(tag_names[i], t.by_tag[i]);
        else
            known->second.merge(t.by_tag[i]);
    }
    return parts;
}

}  // namespace

double milliseconds(Nanos t) {
    return std::round(static_cast<double>(t) / 10.0) / 1e5;
}

std::string duration_text(Nanos t) {
    const auto v = static_cast<double>(t);
    if (t < kMillisecond) return fmt::format("{:.0f}µs", v / 1e3);
    if (t < 100 * kMillisecond) return fmt::format("{:.2f}ms", v / 1e6);
    if (t < kSecond) return fmt::format("{:.0f}ms", v / 1e6);
    return fmt::format("{:.2f}s", v / 1e9);
}

std::string quantile_text(const Histogram& h, double q) {
    if (h.total() == 0) return "-";
    return duration_text(q >= 1 ? h.max() : h.quantile(q));
}

nlohmann::json to_json(const Histogram& h) {
    nlohmann::json out{{"count", h.total()}, {"mean", milliseconds(static_cast<Nanos>(h.mean()))}};
    for (const auto& [name, q] : kQuantiles) out[name] = milliseconds(h.quantile(q));
    out["min"] = milliseconds(h.min());
    out["max"] = milliseconds(h.max());
    return out;
}

nlohmann::json distribution(const Histogram& h) {
    nlohmann::json points = nlohmann::json::array();
    if (h.total() == 0) return points;
    // Even steps of log(1 / (1 - q)): the tail gets as much room as the body.
    for (double nines = 0; nines <= 5.0; nines += 0.1) {
        const double q = 1 - std::pow(10, -nines);
        points.push_back({std::round(q * 1e6) / 1e6, milliseconds(h.quantile(q))});
        if (static_cast<double>(h.total()) * (1 - q) < 1) break;
    }
    return points;
}

nlohmann::json to_json(const Tally& t, const std::vector<std::string>& tag_names) {
    nlohmann::json out{
        {"seconds", t.seconds()},
        {"finished", t.finished},
        {"requests_per_second", std::round(t.rate() * 10) / 10},
        {"failed", t.failed()},
        {"failures", failures_json(t.failures)},
        {"retried", t.retried},
        {"unsent", t.unsent},
        {"reconnects", t.reconnects},
        {"bytes_in", t.bytes_in},
        {"latency_ms", to_json(t.latency)},
        {"service_ms", to_json(t.service)},
        {"generator", {{"threads", t.threads}, {"cpu_seconds", t.cpu_seconds}, {"lag_ms", to_json(t.lag)}}},
        {"whole_run",
         {{"sent", t.all.sent}, {"answered", t.all.answered}, {"failures", failures_json(t.all.failures)}}}};
    if (t.full_handshakes + t.resumed_handshakes > 0)
        out["tls"] = {{"full", t.full_handshakes}, {"resumed", t.resumed_handshakes}};
    out["statuses"] = nlohmann::json::object();
    out["by_second"] = nlohmann::json::array();
    for (std::size_t c = 1; c < t.by_class.size(); ++c)
        if (t.by_class[c] > 0) out["statuses"][fmt::format("{}xx", c)] = t.by_class[c];
    if (tag_names.size() > 1)
        for (const auto& [name, part] : parts_by_name(t, tag_names))
            out["steps"][name] = {
                {"finished", part.finished}, {"failed", part.failed}, {"latency_ms", to_json(part.latency)}};
    for (const Part& second : t.by_second)
        out["by_second"].push_back({{"finished", second.finished},
                                    {"failed", second.failed},
                                    {"p50", milliseconds(second.latency.quantile(0.5))},
                                    {"p99", milliseconds(second.latency.quantile(0.99))},
                                    {"max", milliseconds(second.latency.max())}});
    out["distribution"] = distribution(t.latency);
    return out;
}

std::string to_text(const Tally& t, const std::vector<std::string>& tag_names) {
    std::string out;
    out += fmt::format("requests  {} in {:.1f} s: {:.0f} per second\n", t.finished, t.seconds(), t.rate());
    out += fmt::format("latency   p50 {}  p90 {}  p99 {}  p99.9 {}  max {}\n", quantile_text(t.latency, 0.5),
                       quantile_text(t.latency, 0.9), quantile_text(t.latency, 0.99), quantile_text(t.latency, 0.999),
                       quantile_text(t.latency, 1));
    out += fmt::format("failed    {}", t.failed());
    for (std::size_t i = 1; i < kFailureKinds; ++i)
        if (t.failures[i] > 0) out += fmt::format("  {} {}", kFailureNames[i], t.failures[i]);
    out += '\n';
    if (t.full_handshakes + t.resumed_handshakes > 0)
        out += fmt::format("TLS       {} full handshakes, {} resumed (warm-up included)\n", t.full_handshakes,
                           t.resumed_handshakes);
    if (t.retried > 0) out += fmt::format("retried   {} attempts that were cut\n", t.retried);
    if (t.unsent > 0)
        out += fmt::format("unsent    {} due but without a free connection at the end; their wait is in the latency\n",
                           t.unsent);
    if (tag_names.size() > 1) {
        out += fmt::format("{:<22}{:>10}{:>9}{:>10}{:>10}{:>10}\n", "step", "finished", "failed", "p50", "p99", "max");
        for (const auto& [name, part] : parts_by_name(t, tag_names)) {
            if (part.finished == 0) continue;
            out += fmt::format("{:<22}{:>10}{:>9}{:>10}{:>10}{:>10}\n", name, part.finished, part.failed,
                               quantile_text(part.latency, 0.5), quantile_text(part.latency, 0.99),
                               quantile_text(part.latency, 1));
        }
    }
    return out;
}

}  // namespace yardbench
