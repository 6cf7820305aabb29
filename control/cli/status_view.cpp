#include "control/cli/status_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "control/cli/verb.h"

namespace switchyard::control::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string rates(const Json& view) {
    return fmt::format("{:>9.1f}/s {:>7.1f} err/s   p50 {:>7.2f}  p90 {:>7.2f}  p99 {:>7.2f} ms",
                       view.value("requests_per_second", 0.0), view.value("errors_per_second", 0.0),
                       view.value("p50_ms", 0.0), view.value("p90_ms", 0.0), view.value("p99_ms", 0.0));
}

std::string split_of(const Json& split) {
    std::string out;
    double sum = 0;
    for (const auto& [upstream, weight] : split.items()) sum += weight.get<unsigned>();
    for (const auto& [upstream, weight] : split.items())
        out += fmt::format("{}{} {} %", out.empty() ? "" : ", ", upstream,
                           std::round(weight.get<unsigned>() * 10'000.0 / sum) / 100);
    return out.empty() ? "no split" : out;
}

// Where a rule leads; of "@candidate" also whom it means now.
std::string led_by(const Json& rule, const Json& route) {
    const auto upstream = rule.value("upstream", "");
    const auto now = route.value("candidate", "");
    return upstream.starts_with('@') && !now.empty() ? fmt::format("{} (now {})", upstream, now) : upstream;
}

std::string endpoint_line(const Json& e) {
    std::string line = fmt::format("    {:<24} {:<8}", e.value("address", ""), e.value("health", ""));
    if (e.value("state", "up") != "up") line += " " + e.value("state", "");
    if (e.value("ejected", false)) line += " ejected";
    if (e.value("backup", false)) line += " backup";
    line += fmt::format("  weight {}  in flight {}", e.value("weight", 1U), e.value("in_flight", 0U));
    if (e.contains("detail")) line += "  (" + e.value("detail", "") + ")";
    return line;
}

// Empty while its breaker lets everything pass.
std::string breaker_words(const Json& upstream) {
    const auto breaker = upstream.find("breaker");
    if (breaker == upstream.end()) return {};
    const auto open = breaker->value("open", 0U), half_open = breaker->value("half_open", 0U);
    if (open + half_open == 0) return {};
    return fmt::format("its breaker is open on {} and half open on {} of {} workers", open, half_open,
                       breaker->value("of", 0U));
}

// Empty while its source answers and no guard holds an endpoint for long.
std::string discovery_words(const Json& upstream) {
    const auto d = upstream.find("discovery");
    if (d == upstream.end()) return {};
    if (d->contains("stale_seconds"))
        return fmt::format("{} has given no answer for {:.0f} s: {}", d->value("source", ""),
                           d->value("stale_seconds", 0.0), d->value("why", ""));
    const auto held = d->value("held", 0U);
    return held == 0 ? "" : fmt::format("{} of them are not named by {} any more", held, d->value("source", ""));
}

// A write that takes longer is worth a line.
constexpr unsigned kDiskHangsMs = 1000;

}  // namespace

std::vector<std::string> status_head(const Json& s) {
    std::vector<std::string> out;
    const auto& workers = s["workers"];
    out.push_back(fmt::format("switchyard {}  generation {} on {} of {} workers{}  up {} s", s.value("version", ""),
                              s.value("generation", 0U), workers.value("adopted", 0U), workers.value("of", 0U),
                              s.value("ready", false) ? "" : "  NOT READY", s.value("uptime_s", 0)));
    for (const auto& notice : s.value("notices", Json::array())) out.push_back("! " + notice.get<std::string>());
    for (const auto& one : s.value("predecessors", Json::array()))
        out.push_back(
            fmt::format("process {} ({}) finishes what it has since it was replaced at {}{}", one.value("pid", 0),
                        one.value("version", ""), one.value("since", ""),
                        one.contains("requests")
                            ? fmt::format(": {} requests, {} tunnels, {} connections", one.value("requests", 0U),
                                          one.value("tunnels", 0U), one.value("connections", 0U))
                            : ""));
    if (s.contains("unstored"))
        out.push_back(fmt::format(
            "! generation {} is in force but NOT STORED ({}): a restart would resume generation {}",
            s["unstored"].value("generation", 0U), s["unstored"].value("why", ""), s["unstored"].value("stored", 0U)));
    if (s.contains("store") && s["store"].value("under_way_ms", 0U) >= kDiskHangsMs)
        out.push_back(fmt::format(
            "! the disk that holds the state has not answered for {} s; {} wait for it, traffic and returns do not",
            s["store"].value("under_way_ms", 0U) / 1000, s["store"].value("waiting", 0U)));
    if (s.contains("pending"))
        out.push_back(fmt::format("! generation {} is undone at {} unless it is confirmed",
                                  s["pending"].value("generation", 0U), s["pending"].value("confirm_by", "")));
    if (s.contains("file") && s["file"].value("state", "taken") != "taken")
        out.push_back(fmt::format("! the file {} is not in force ({} since {}): {}", s["file"].value("path", ""),
                                  s["file"].value("state", ""), s["file"].value("since", ""),
                                  s["file"].value("detail", "")));
    return out;
}

std::vector<std::string> status_body(const Json& s, const MoreOfRoute& more) {
    std::vector<std::string> out;
    for (const auto& l : s["listeners"])
        out.push_back(fmt::format("listener {:<12} {}", l.value("name", ""), l.value("bound", "")));
    out.push_back("");
    for (const auto& r : s["routes"]) {
        out.push_back(fmt::format("route {:<16} {}", r.value("name", ""), rates(r)));
        out.push_back("    " + split_of(r["split"]));
        for (const auto& rule : r.value("rules", Json::array()))
            out.push_back(fmt::format("    rule {} → {}", rule.value("name", ""),
                                      rule.contains("status") ? text_of(rule["status"]) : led_by(rule, r)));
        if (!more) continue;
        for (auto& line : more(r)) out.push_back(std::move(line));
    }
    out.push_back("");
    for (const auto& [name, u] : s["upstreams"].items()) {
        out.push_back(fmt::format("upstream {:<13} {}", name, rates(u)));
        out.push_back(fmt::format("    {} of {} healthy, {} in flight", u.value("healthy", 0U), u.value("of", 0U),
                                  u.value("in_flight", 0U)));
        if (const auto queue = u.find("queue"); queue != u.end())
            out.push_back(fmt::format("    {} of {} places in its queue taken", queue->value("waiting", 0U),
                                      queue->value("limit", 0U)));
        if (const auto words = breaker_words(u); !words.empty()) out.push_back("    ! " + words);
        if (const auto words = discovery_words(u); !words.empty()) out.push_back("    ! " + words);
        for (const auto& e : u["endpoints"]) out.push_back(endpoint_line(e));
    }
    return out;
}

std::vector<std::string> status_lines(const Json& s) {
    auto out = status_head(s);
    for (auto& line : status_body(s)) out.push_back(std::move(line));
    return out;
}

}  // namespace switchyard::control::cli
