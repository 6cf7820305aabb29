// Finds the highest rate that still holds, by trying: doubles until one breaks, then halves the gap. Pure.
//
// Invariants: every rate tried lies between the highest that held and the lowest that broke; a rate that broke is
//   tried a second time before it is believed, because one pause of the machine must not decide.
#pragma once

#include <optional>

namespace yardbench {

class CapacitySearch {
  public:
    // `precision`: ends when the gap is at most this share of the highest that held.
    CapacitySearch(double first, double most, double precision)
        : most_(most), precision_(precision), next_(first < most ? first : most) {}

    // The rate to try now; nothing when the search has ended.
    std::optional<double> next() const;
    void report(bool held);

    double held() const { return held_; }    // 0: not even the first
    double broke() const { return broke_; }  // 0: none did, up to `most`

  private:
    double most_;
    double precision_;
    double next_;
    double held_ = 0;
    double broke_ = 0;
    bool second_try_ = false;
    bool ended_ = false;
};

}  // namespace yardbench
