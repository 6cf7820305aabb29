// Is the canary worse, in a sticky split? One bet after the other, each on first marks of its own, and the best counts.
//
// Bets of different ages know different things about the same users, so their sum promises nothing; each by itself
// keeps its promise (Ville), and with stakes that sum to at most 1, passing 1 / (false alarm × stake) by any of them is
// a false alarm at most at the stated rate. Within one bet the kGrid relative risks share the stake as in arm_test.h.
// Half of the stake is on the first bet; the others have equal parts of a quarter in the first horizon, of an eighth in
//   the second, and so on. Old bets are thinned by their number alone: of those older than kAllOf every second, older
//   than twice that every fourth …
// Threads: one owner. Units: seconds; evidence as in arm_test.h, stakes included.
#pragma once

#include <cstdint>
#include <vector>

#include "control/analysis/fresh_marks.h"
#include "control/analysis/grid.h"

namespace switchyard::control::analysis {

class BucketBets {
  public:
    static constexpr BetNumber kAllOf = 64;

    BucketBets(double guard, const Grid& factors, double horizon);

    // One tick in which bet `placed` was the last; `share`: of the buckets, that the split sends to the canary.
    void add(BetNumber placed, double share, const FreshMarks& canary, const FreshMarks& baseline);

    double log_evidence() const;  // of the best
    // The oldest bet that has passed `threshold`; 0: none.
    BetNumber oldest_beyond(double threshold) const {
        for (const Bet& bet : bets_)
            if (bet.log_evidence >= threshold) return bet.number;
        return 0;
    }
    std::size_t count() const { return bets_.size(); }

    template <class Memory>
    void remember(Memory& m) {
        m("placed", placed_), m("bets", bets_);
    }

  private:
    struct Bet {
        BetNumber number = 0;
        Grid stakes{};
        double log_evidence = 0.0;
        void multiply(const Grid& factors);
        void weigh();

        template <class Memory>
        void remember(Memory& m) {
            m("number", number), m("stakes", stakes), m("log_evidence", log_evidence);
        }
    };

    double stake_of(BetNumber number) const;
    void place(BetNumber number);

    double guard_;
    double per_horizon_;
    Grid risk_{}, log_ratio_{}, log_dilution_{};
    double share_ = -1.0;  // that log_dilution_ was computed for
    BetNumber placed_ = 0;
    std::vector<Bet> bets_;  // oldest first
};

}  // namespace switchyard::control::analysis
