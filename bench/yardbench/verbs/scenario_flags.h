// Flags of the verbs that drive a scenario.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "bench/yardbench/engine/url.h"
#include "bench/yardbench/scenario/scenario_workload.h"

namespace yardbench {

struct ScenarioFlags {
    std::string file;
    std::uint64_t seed = 1;

    void add_to(CLI::App& verb);
    Cast cast(const Scenario& scenario, const Url& target, unsigned users) const;
};

}  // namespace yardbench
