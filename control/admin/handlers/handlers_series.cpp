// GET /v1/series
#include "control/admin/call/body.h"
#include "control/admin/handlers/handlers.h"

namespace switchyard::control::handlers {
namespace {

Json milliseconds_of(const Series::Point& point, std::uint32_t microseconds) {
    if (point.requests == 0) return nullptr;
    return static_cast<double>(microseconds) / 1000.0;
}

// Columns, the last second last: a fifth of what a list of points would be.
Json columns(const std::vector<Series::Point>& points) {
    Json requests = Json::array(), errors = Json::array(), p50 = Json::array(), p99 = Json::array();
    for (const auto& point : points) {
        requests.push_back(point.requests);
        errors.push_back(point.errors);
        p50.push_back(milliseconds_of(point, point.p50_us));
        p99.push_back(milliseconds_of(point, point.p99_us));
    }
    return {{"requests", std::move(requests)},
            {"errors", std::move(errors)},
            {"p50_ms", std::move(p50)},
            {"p99_ms", std::move(p99)}};
}

}  // namespace

void series(const SeriesDesk& desk, const AdminRequest& request, Respond respond) {
    const auto after = query_number(request, "after", 0);
    if (!after) return respond(reply(after.error()));
    constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const auto now = std::chrono::steady_clock::now();
    const auto told = desk.series.since(static_cast<std::int64_t>(std::min(*after, kLargest)), now);
    const auto second_began = now.time_since_epoch() - std::chrono::seconds(told.to + 1);
    Json out = {{"to", told.to},
                {"ends_at", timestamp(std::chrono::system_clock::now() -
                                      std::chrono::duration_cast<std::chrono::system_clock::duration>(second_began))},
                {"seconds", told.seconds},
                {"routes", Json::object()},
                {"upstreams", Json::object()}};
    for (const auto& [key, points] : told.lines) {
        const auto& upstream = desk.registry.upstream_name(key.second);
        if (key.first == Series::kAllRoutes) {
            if (!upstream.empty()) out["upstreams"][upstream] = columns(points);
            continue;
        }
        // What the proxy answered by itself has no upstream, what no route took no route.
        const auto& route = desk.registry.route_name(key.first);
        if (!route.empty()) out["routes"][route][upstream] = columns(points);
    }
    AdminReply answer;
    answer.body = out.dump() + "\n";
    respond(std::move(answer));
}

}  // namespace switchyard::control::handlers
