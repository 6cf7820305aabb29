// What random configurations are drawn from: numbers, words, and the small values that stand in many places.
//
// Threads: plain object.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "config/model.h"
#include "tests/support/random_model.h"

namespace switchyard::config {

// Small words for drawing; a test generator needs no other distribution than these.
class Dice {
  public:
    explicit Dice(Rng& rng) : rng_(rng) {}

    std::uint32_t upto(std::uint32_t most) { return std::uniform_int_distribution<std::uint32_t>(0, most)(rng_); }
    std::uint32_t between(std::uint32_t a, std::uint32_t b) {
        return std::uniform_int_distribution<std::uint32_t>(a, b)(rng_);
    }
    bool chance(double share) { return std::bernoulli_distribution(share)(rng_); }
    template <class Container>
    const auto& of(const Container& choices) {
        return choices[upto(static_cast<std::uint32_t>(std::size(choices) - 1))];
    }
    Duration duration() {
        constexpr std::array<int, 4> kUnits{1, 1000, 60'000, 3'600'000};
        return Duration(std::int64_t{of(kUnits)} * between(1, 40));
    }
    std::string word() {
        static const std::vector<std::string> kWords{"a", "forum", "x-1", "Blue_2", "v1.2.3", "long-name-of-something"};
        return of(kWords);
    }
    // Text that is awkward in JSON: quotes, controls, other scripts.
    std::string text() {
        static const std::vector<std::string> kTexts{
            "",        "plain", "with \"quotes\" \\ and /", "two\nlines\t", "grün ☃ 𝄞", "// no comment /* here */",
            "\x01\x1f"};
        return of(kTexts);
    }

  private:
    Rng& rng_;
};

inline constexpr double kSometimes = 0.3;

// Calls `change` now and then: most keys of most objects keep their default.
template <class Change>
void maybe(Dice& dice, Change change) {
    if (dice.chance(kSometimes)) change();
}

Address random_address(Dice& dice, std::uint32_t port);
std::string random_cidr(Dice& dice);
Key random_key(Dice& dice, bool claims, bool identity);
Upstream random_upstream(Dice& dice, const std::vector<std::string>& fallbacks, bool claims);

}  // namespace switchyard::config
