#include "bench/yardbench/verbs/scenario_flags.h"

#include <random>

namespace yardbench {

void ScenarioFlags::add_to(CLI::App& verb) {
    verb.add_option("-s,--scenario", file, "scenario file (JSON); see docs/bench.md")->required();
    verb.add_option("--seed", seed, "of every choice made by lot")->capture_default_str();
}

Cast ScenarioFlags::cast(const Scenario& scenario, const Url& target, unsigned users) const {
    // Letters only, and from the system's own randomness: it must differ between runs even with the same --seed.
    std::random_device random;
    std::string run;
    for (int i = 0; i < 7; ++i) run += static_cast<char>('a' + random() % 26);
    return {&scenario, target.authority, run, users, seed};
}

}  // namespace yardbench
