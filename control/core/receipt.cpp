#include "control/core/receipt.h"

#include <nlohmann/json.hpp>

namespace switchyard::control {

nlohmann::ordered_json to_json(const InFlightByUpstream& in_flight) {
    auto out = nlohmann::ordered_json::object();
    for (const auto& [upstream, count] : in_flight)
        out[upstream] = {{"requests", count.requests}, {"tunnels", count.tunnels}, {"streams", count.streams}};
    return out;
}

nlohmann::ordered_json to_json(const Receipt& r) {
    nlohmann::ordered_json out;
    out["generation"] = r.generation;
    out["previous"] = r.previous;
    if (r.dry_run) out["dry_run"] = true;
    if (r.unchanged) out["unchanged"] = true;
    auto& adopted = out["adopted"];
    adopted["workers"] = r.dry_run ? 0 : r.workers - r.waiting_for.size();
    adopted["of"] = r.workers;
    if (!r.waiting_for.empty()) adopted["waiting_for"] = r.waiting_for;
    if (!r.effective_at.empty()) out["effective_at"] = r.effective_at;
    out["took_us"] = r.took_us;
    if (r.stored_us > 0) out["stored_us"] = r.stored_us;
    out["changes"] = r.changes;
    out["moves"] = r.moves;
    if (r.restores) {
        out["restores"] = {{"generation", r.restores->generation}};
        if (!r.restores->why.empty()) out["restores"]["why"] = r.restores->why;
    }
    if (r.drains) out["drain"] = {{"id", std::to_string(r.generation)}, {"in_flight", to_json(r.in_flight)}};
    if (!r.unstored.empty()) out["unstored"] = r.unstored;
    if (!r.confirm_by.empty()) out["confirm_by"] = r.confirm_by;
    if (r.repeated_now != 0) out["repeated"] = {{"in_force", r.repeated_now}};
    return out;
}

}  // namespace switchyard::control
