// A small fast generator (xoshiro256++ seeded by splitmix64) and the few draws the simulation needs.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace rollout_simulation {

class Random {
  public:
    explicit Random(std::uint64_t seed) {
        for (auto& word : state_) {
            seed += 0x9e3779b97f4a7c15ULL;
            std::uint64_t z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
            word = z ^ (z >> 31);
        }
    }
    std::uint64_t next() {
        const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0], state_[3] ^= state_[1], state_[1] ^= state_[2], state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }
    double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>((next() >> 32) * n >> 32); }
    bool chance(double p) { return uniform() < p; }
    double normal() {  // Marsaglia's polar method, one of the pair
        double u = 0, v = 0, s = 0;
        do {
            u = 2 * uniform() - 1, v = 2 * uniform() - 1;
            s = u * u + v * v;
        } while (s >= 1 || s == 0);
        return u * std::sqrt(-2 * std::log(s) / s);
    }
    // Poisson by Knuth's product for the small means of a tick, by a rounded normal above.
    std::uint32_t poisson(double mean) {
        if (mean > 50) return static_cast<std::uint32_t>(std::max(0.0, std::round(mean + std::sqrt(mean) * normal())));
        const double limit = std::exp(-mean);
        std::uint32_t n = 0;
        for (double product = uniform(); product > limit; product *= uniform()) ++n;
        return n;
    }

  private:
    std::array<std::uint64_t, 4> state_{};
};

// Draws i with the chance of its weight in one step (Walker's alias method).
class Alias {
  public:
    explicit Alias(const std::vector<double>& weights) : keep_(weights.size()), other_(weights.size()) {
        double sum = 0;
        for (const double w : weights) sum += w;
        std::vector<double> scaled;
        std::vector<std::uint32_t> small, large;
        for (std::uint32_t i = 0; i < weights.size(); ++i) {
            scaled.push_back(weights[i] / sum * static_cast<double>(weights.size()));
            (scaled[i] < 1 ? small : large).push_back(i);
        }
        while (!small.empty() && !large.empty()) {
            const std::uint32_t s = small.back(), l = large.back();
            small.pop_back();
            keep_[s] = scaled[s], other_[s] = l;
            scaled[l] -= 1 - scaled[s];
            if (scaled[l] < 1) large.pop_back(), small.push_back(l);
        }
        for (const auto& rest : {small, large})
            for (const std::uint32_t i : rest) keep_[i] = 1, other_[i] = i;
    }
    std::uint32_t draw(Random& random) const {
        const auto i = random.below(static_cast<std::uint32_t>(keep_.size()));
        return random.uniform() < keep_[i] ? i : other_[i];
    }

  private:
    std::vector<double> keep_;
    std::vector<std::uint32_t> other_;
};

}  // namespace rollout_simulation
