#include "control/cli/deploy/wanted.h"

namespace switchyard::control::cli::deploy {

Json WantedRelease::shown() const {
    Json out = {{"to", to}, {"wait_healthy", wait_healthy}, {"wait_drained", wait_drained}};
    const auto add = [&](const char* key, const auto& value) {
        if (!value.empty()) out[key] = value;
    };
    add("endpoints", endpoints);
    add("start", start);
    add("smoke", smoke);
    add("smoke_through", smoke_through);
    add("watch", watch);
    add("stop", stop);
    if (!plan.is_null()) out["plan"] = plan;
    return out;
}

}  // namespace switchyard::control::cli::deploy
