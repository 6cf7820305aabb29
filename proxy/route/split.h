// A split: which arm (upstream) gets a request.
//
// By turn: exact in each block of sum(weights) requests (divided by what they have in common), drawn inside it: a key
// of
//   the route and the block permutes the block's places, of which each arm owns as many as its weight, the heaviest arm
//   the last. So the arms of a client that asks in a fixed order are draws as well, and no client can keep one kind of
//   request from a release.
// By hash: arm i > 0 owns the i-th range from the bottom of the hash space and arm 0 the rest, so that raising one
//   weight only ever adds keys to its arm.
// Pure; immutable; no table, so any weights will do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "proxy/route/block_draw.h"

namespace switchyard::route {

// A turn in a split: the route's salt, drawn when the process begins, and how many turns were taken before.
struct Turn {
    std::uint64_t salt = 0;
    std::uint64_t position = 0;
};

class Split {
  public:
    Split() = default;
    explicit Split(std::span<const std::uint32_t> weights);

    std::uint64_t period() const { return places_.empty() ? 0 : draw_.period(); }
    // True when one arm gets everything: no turn is needed.
    bool single() const { return period() <= 1; }
    unsigned only() const { return places_.empty() ? 0 : arm_of(0); }
    unsigned at(const Turn& turn) const { return arm_of(draw_.place(turn.salt, turn.position)); }
    unsigned by_hash(std::uint32_t hash) const;

  private:
    struct Places {
        std::uint64_t end;  // where the next arm's begin
        unsigned arm;
    };
    unsigned arm_of(std::uint64_t place) const {
        std::size_t i = 0;
        while (place >= places_[i].end) ++i;  // the last one's end is the period
        return places_[i].arm;
    }

    BlockDraw draw_;
    std::vector<Places> places_;       // of the arms that have some, the heaviest last
    std::vector<std::uint64_t> ends_;  // of arm 1, 2, …: cumulative thresholds below 2^32 (2^32 itself: all)
};

}  // namespace switchyard::route
