// What `switchyard deploy` was told to do.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "control/cli/admin_client.h"
#include "control/release/machine.h"

namespace switchyard::control::cli::deploy {

struct WantedRelease {
    std::string route, to;
    std::vector<std::string> endpoints;
    std::string start, stop;
    std::string wait_healthy = "60s";
    std::vector<std::string> smoke, smoke_through;
    std::string through;  // URL; empty: the first listener
    std::string plan_file;
    bool at_once = false;
    std::string watch;
    std::string wait_drained = "30s";
    std::string id;
    Json plan;  // of plan_file; null: none

    release::Wanted steps() const {
        return {!endpoints.empty(),
                !start.empty(),
                !smoke.empty(),
                !smoke_through.empty(),
                !plan.is_null() || !watch.empty(),
                !stop.empty()};
    }
    // What the record shows of it.
    Json shown() const;
};

}  // namespace switchyard::control::cli::deploy
