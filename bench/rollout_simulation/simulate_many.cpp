#include <atomic>
#include <thread>

#include "bench/rollout_simulation/scenarios.h"

namespace rollout_simulation {

std::vector<Outcome> simulate_many(const Setup& setup, const Scale& scale) {
    std::vector<Outcome> outcomes(scale.runs);
    std::atomic<unsigned> next{0};
    const auto work = [&] {
        for (unsigned i = next++; i < scale.runs; i = next++) outcomes[i] = simulate(setup, scale.seed + i);
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < scale.threads; ++i) threads.emplace_back(work);
    work();
    for (auto& thread : threads) thread.join();
    return outcomes;
}

}  // namespace rollout_simulation
