// Sticky splits: whose mark is new to which bet.
//
// All requests of a user fall into one arm, so the tenth failure says nothing new: a bet counts the first mark of each
// bucket since it was placed, in a ledger of its own. Bets are placed every kBetsEvery seconds of the rollout's clock,
// numbered from 1, so all their ledgers are one table: for each bucket the number of the last bet placed when its
// latest mark came. A mark is new to exactly the bets that were placed after that one. Why each bet needs its own, and
// why the clock must not look at what was counted: docs/rollouts.md.
// Threads: one owner. Memory: 128 KiB per kind of mark.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace switchyard::control::analysis {

// The number of a bet; 0: before the first.
using BetNumber = std::uint16_t;

class BetClock {
  public:
    static constexpr double kEvery = 30.0;      // seconds
    static constexpr BetNumber kLast = 60'000;  // three weeks; then no more are placed

    BetNumber number() const { return number_; }  // the last one placed
    void advance(double seconds) {
        elapsed_ += seconds;
        for (; elapsed_ >= kEvery; elapsed_ -= kEvery)
            if (number_ < kLast) ++number_;
    }

    template <class Memory>
    void remember(Memory& m) {
        m("elapsed", elapsed_), m("number", number_);
    }

  private:
    double elapsed_ = 0.0;  // since the last one
    BetNumber number_ = 1;
};

// Marks of one arm in one tick, by the number that the table had for their buckets.
class FreshMarks {
  public:
    void add(BetNumber before, std::uint64_t marks = 1) {
        if (by_number_.size() <= before) by_number_.resize(before + 1U, 0);
        by_number_[before] += marks;
    }
    // Of those, the ones that are new to bet `number`.
    std::uint64_t new_to(BetNumber number) const {
        const auto end = by_number_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(number, size()));
        return std::accumulate(by_number_.begin(), end, std::uint64_t{0});
    }
    std::uint64_t ever() const { return new_to(1); }  // the first of their buckets in this rollout
    // From this bet on the answer is the same.
    std::size_t size() const { return by_number_.size(); }
    std::uint64_t at(std::size_t before) const { return before < size() ? by_number_[before] : 0; }

    FreshMarks& operator+=(const FreshMarks& o) {
        if (size() < o.size()) by_number_.resize(o.size(), 0);
        for (std::size_t i = 0; i < o.size(); ++i) by_number_[i] += o.by_number_[i];
        return *this;
    }

  private:
    std::vector<std::uint64_t> by_number_;
};

class MarkTable {
  public:
    static constexpr std::size_t kBuckets = 1U << 16;

    MarkTable() : numbers_(kBuckets, 0) {}

    // A mark while bet `now` is the last one placed.
    void mark(std::uint16_t bucket, BetNumber now, FreshMarks& marks) {
        BetNumber& number = numbers_[bucket];
        if (number >= now) return;  // new to no bet
        marks.add(number);
        number = now;
    }
    void clear() { numbers_.assign(kBuckets, 0); }
    // Buckets that were ever marked.
    std::size_t count() const {
        return kBuckets - static_cast<std::size_t>(std::count(numbers_.begin(), numbers_.end(), BetNumber{0}));
    }

    template <class Memory>
    void remember(Memory& m) {
        m("numbers", numbers_);
    }

  private:
    std::vector<BetNumber> numbers_;
};

}  // namespace switchyard::control::analysis
