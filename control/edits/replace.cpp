#include "control/edits/replace.h"

#include <nlohmann/json.hpp>

namespace switchyard::control::edits {

void restore_secrets(nlohmann::ordered_json& document, const config::Model& in_force) {
    if (!document.is_object() || !document.contains("routes") || !document["routes"].is_array()) return;
    for (auto& route : document["routes"]) {
        if (!route.is_object() || !route.contains("jwt") || !route["jwt"].is_object()) continue;
        auto& jwt = route["jwt"];
        if (!jwt.contains("key") || jwt["key"] != kHidden) continue;
        if (!route.contains("name") || !route["name"].is_string()) continue;
        const auto known = route_index(in_force, route["name"].get<std::string>());
        if (!known) continue;
        const config::Secret& secret = in_force.routes[*known].jwt.key;
        if (secret.from == config::Secret::From::here && !secret.empty()) jwt["key"] = secret.text;
    }
}

Result<config::Model> replace(const config::Model& model, config::Model next, ProcessPart process) {
    if (process == ProcessPart::keep) {
        next.process = model.process;
        // The running process goes on with the certificates that it uses.
        if (const auto& tls = model.process.admin.tls)
            for (const auto& name : tls->certificates)
                if (const auto used = model.certificates.find(name); used != model.certificates.end())
                    next.certificates.insert_or_assign(name, used->second);
    } else if (next.process != model.process)
        return problems::conflict(
            "/process differs from the running one, and a change of it needs a restart; "
            "nothing was changed");
    return next;
}

}  // namespace switchyard::control::edits
