#include "control/admin/handlers/discovery_view.h"

#include <algorithm>

#include "control/admin/handlers/endpoint_view.h"
#include "proxy/snapshot/members.h"

namespace switchyard::control {
namespace {

using Json = nlohmann::ordered_json;
using discovery::Roll;

std::string at(std::int64_t wall_ms) {
    return timestamp(WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::milliseconds(wall_ms))));
}

const char* word(Roll::News::Kind kind) {
    switch (kind) {
        case Roll::News::Kind::changed:
            return "changed";
        case Roll::News::Kind::held:
            return "held";
        case Roll::News::Kind::failed:
            return "failed";
        case Roll::News::Kind::well_again:
            return "well_again";
        case Roll::News::Kind::refused:
            return "refused";
    }
    return "";
}

Json happening(const discovery::Happening& what) {
    Json out = {{"at", at(what.at_ms)}, {"roll", what.roll}, {"kind", word(what.news.kind)}};
    if (!what.news.added.empty()) out["added"] = what.news.added;
    if (!what.news.removed.empty()) out["removed"] = what.news.removed;
    if (what.news.held != Roll::Held::no) out["held"] = discovery::word(what.news.held);
    if (!what.news.about.empty()) out["about"] = what.news.about;
    if (!what.news.why.empty()) out["why"] = what.news.why;
    return out;
}

}  // namespace

Json discovery_view(Context& context, const std::string& upstream, bool whole) {
    const auto sight = context.discovery.sight(upstream);
    if (!sight) return nullptr;
    std::size_t held = 0;
    for (const auto& member : sight->members)
        if (member.held != Roll::Held::no) ++held;
    Json out = {{"source", sight->source}, {"state", discovery::word(sight->state)}, {"roll", sight->roll}};
    if (!sight->why.empty()) out["why"] = sight->why;
    if (sight->stale) out["stale_seconds"] = static_cast<double>(sight->stale->count()) / 1000;
    out["held"] = held;
    if (!whole) return out;

    const auto& settings = context.controller.model().upstreams.at(upstream);
    auto& endpoints = out["endpoints"] = Json::array();
    for (const auto& endpoint : endpoints_of(upstream, settings, context.names.known())) {
        auto view = endpoint_view(context, upstream, endpoint);
        const auto member = std::ranges::find_if(
            sight->members, [&](const auto& one) { return one.found.address == endpoint.address; });
        const bool written = std::ranges::find(settings.endpoints, endpoint.address, &config::Endpoint::address) !=
                             settings.endpoints.end();
        view["from"] = written ? "configuration" : "source";
        if (!written && member != sight->members.end()) {
            view["since"] = at(member->since_ms);
            if (member->absent_since_ms) view["absent_since"] = at(*member->absent_since_ms);
            if (member->held != Roll::Held::no) view["held"] = discovery::word(member->held);
            if (member->found.draining) view["source_says"] = "drain";
            if (member->found.down) view["source_says"] = "down";
        }
        if (settings.endpoint_overrides.contains(endpoint.address.text())) view["override"] = true;
        endpoints.push_back(std::move(view));
    }
    auto& absent = out["absent_overrides"] = Json::array();
    for (const auto& [address, unused] : settings.endpoint_overrides)
        if (std::ranges::none_of(sight->members,
                                 [&, &address = address](const auto& m) { return m.found.address.text() == address; }))
            absent.push_back(address);
    auto& history = out["history"] = Json::array();
    for (const auto& what : sight->history) history.push_back(happening(what));
    return out;
}

}  // namespace switchyard::control
