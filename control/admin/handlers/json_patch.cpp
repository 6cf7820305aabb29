#include "control/admin/handlers/json_patch.h"

#include <string>

namespace switchyard::control {

using nlohmann::ordered_json;

ordered_json json_patch(const ordered_json& from, const ordered_json& to) {
    auto patch = ordered_json::diff(from, to);
    const auto routes = to.find("routes");
    if (routes == to.end()) return patch;
    const auto patched = from.patch(patch);
    for (std::size_t i = 0; i < routes->size(); ++i) {
        const auto& route = (*routes)[i];
        if (!route.contains("split") || route["split"] == patched["routes"][i]["split"]) continue;
        patch.push_back(
            {{"op", "replace"}, {"path", "/routes/" + std::to_string(i) + "/split"}, {"value", route["split"]}});
    }
    return patch;
}

}  // namespace switchyard::control
