// Sticky splits: one request of each bucket in every kPace seconds of a step, and how many users stand behind an arm.
//
// All requests of a user go to one arm, so where a few ask most an arm's rate says more about them than about the
// release. What the gate compares (risk_gate.h) is therefore paced: of each bucket the first request in every kPace
// seconds, which is as likely to be slow as any other of that user, at any rate of asking. effective() is the number of
// equal users whose paced requests would vary as much (Kish 1965): (Σ n)² / Σ n² over the arm's buckets.
// Threads: one owner. Memory: 448 KiB. Units: seconds of the owner's clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace switchyard::control::analysis {

class BucketCounts {
  public:
    static constexpr std::size_t kBuckets = 1U << 16;
    static constexpr double kPace = 10.0;

    BucketCounts() : paced_(kBuckets, 0), last_(kBuckets, 0), crossed_(kBuckets, kAll) {}

    struct Asked {
        bool first;  // of the bucket in this step
        bool paced;  // it is one that the gate looks at
    };
    // `under_way`: it has not ended, and what it will be slow by is told with cross().
    Asked ask(std::uint16_t bucket, bool canary, bool under_way = false) {
        if (last_[bucket] == window_) return {false, false};
        last_[bucket] = window_;
        crossed_[bucket] = under_way ? 0 : kAll;
        const double before = paced_[bucket]++;
        Arm& arm = canary ? canary_ : baseline_;
        arm.sum += 1.0;
        arm.squares += 2.0 * before + 1.0;
        return {before == 0.0, true};
    }
    // Whether the request of the bucket that the gate looks at is the one that is now slow by `kind` (0 … 7), and was
    // not.
    bool cross(std::uint16_t bucket, unsigned kind) {
        const auto bit = static_cast<std::uint8_t>(1U << kind);
        if ((crossed_[bucket] & bit) != 0) return false;
        crossed_[bucket] = static_cast<std::uint8_t>(crossed_[bucket] | bit);
        return true;
    }
    void advance(double seconds) {
        for (elapsed_ += seconds; elapsed_ >= kPace; elapsed_ -= kPace) ++window_;
    }
    double effective(bool canary) const {
        const Arm& arm = canary ? canary_ : baseline_;
        return arm.squares > 0.0 ? arm.sum * arm.sum / arm.squares : 0.0;
    }
    // Another step.
    void clear() {
        paced_.assign(kBuckets, 0);
        ++window_;
        canary_ = baseline_ = {};
    }

    template <class Memory>
    void remember(Memory& m) {
        m("paced", paced_), m("last", last_), m("crossed", crossed_), m("window", window_), m("elapsed", elapsed_);
        m("canary", canary_), m("baseline", baseline_);
    }

  private:
    struct Arm {
        double sum = 0.0, squares = 0.0;

        template <class Memory>
        void remember(Memory& m) {
            m("sum", sum), m("squares", squares);
        }
    };
    std::vector<std::uint16_t> paced_;  // how many requests of each
    std::vector<std::uint32_t> last_;   // the window of its last one
    static constexpr std::uint8_t kAll = 0xff;
    std::vector<std::uint8_t> crossed_;  // what that one is slow by
    std::uint32_t window_ = 1;
    double elapsed_ = 0.0;  // of the window
    Arm canary_, baseline_;
};

}  // namespace switchyard::control::analysis
