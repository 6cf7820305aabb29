#include "control/edits/replace.h"

#include <fmt/format.h>

namespace switchyard::control::edits {

Result<config::Model> replace(const config::Model& model, config::Model next, ProcessPart process) {
    if (process == ProcessPart::keep)
        next.process = model.process;
    else if (next.process != model.process)
        return problems::conflict(
            "/process differs from the running one, and a change of it needs a restart; "
            "nothing was changed");
    std::vector<config::Error> errors;
    for (std::size_t i = 0; i < next.routes.size(); ++i) {
        auto& route = next.routes[i];
        if (route.jwt.key != kRedacted) continue;
        const auto known = route_index(model, route.name);
        if (known && !model.routes[*known].jwt.key.empty())
            route.jwt.key = model.routes[*known].jwt.key;
        else
            errors.push_back(
                {fmt::format("/routes/{}/jwt/key", i),
                 "is the mark of a hidden secret, and the route in force has none to keep; write the key"});
    }
    if (!errors.empty()) return problems::invalid(std::move(errors));
    return next;
}

}  // namespace switchyard::control::edits
