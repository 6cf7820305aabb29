// Is the canary good enough to move on? The reversed arm test: it bets against "at least `limit` times as risky".
//
// Under "the canary's risk is at least `limit` times the baseline's in every tick" the chance that evidence() ever
// reaches 1/a is at most a. It knows the same trap as every such test: with few failures it cannot say anything, and
// then the absolute bound (bernoulli_test.h) or a person has to.
// Threads: one owner. Units: evidence as in arm_test.h.
#pragma once

#include <array>
#include <cstdint>

namespace switchyard::control::analysis {

class PromoteTest {
  public:
    static constexpr double kLimit = 2.0;  // twice the failures is what promotion must rule out
    explicit PromoteTest(double limit = kLimit) : limit_(limit) { stakes_.fill(1.0); }

    void add(double share, std::uint64_t canary, std::uint64_t baseline);
    double evidence() const;
    double log_evidence() const;

    template <class Memory>
    void remember(Memory& m) {
        m("stakes", stakes_);
    }

  private:
    // Relative risks it bets on: from "four times better" to "the same".
    static constexpr std::array<double, 4> kRisks{0.25, 0.5, 0.75, 1.0};
    double limit_;
    std::array<double, 4> stakes_{};
};

}  // namespace switchyard::control::analysis
