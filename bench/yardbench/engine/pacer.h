// The timetable of an open-loop run: when each request is meant to be sent, whatever the answers do.
//
// The rate runs in a straight line from `first` to `last` (requests per second) over `length`; after that it stays at
// `last`. Arrival i of thread k of n is arrival i*n+k of the whole run, so the threads interleave evenly.
// Invariants: times never go back; they do not depend on when take() is called. That is what makes latency true.
#pragma once

#include <cmath>
#include <cstdint>

#include "bench/yardbench/engine/clock.h"

namespace yardbench {

class Pacer {
  public:
    struct Timetable {
        double first = 0;  // requests per second of the whole run
        double last = 0;
        Nanos length = 0;  // of the ramp
        bool open() const { return first > 0 || last > 0; }
    };

    Pacer() = default;
    Pacer(Timetable table, Nanos start, unsigned thread, unsigned threads)
        : table_(table), start_(start), step_(threads), index_(thread) {
        next_ = at(index_);
    }

    Nanos next() const { return next_; }
    Nanos take() {
        const Nanos taken = next_;
        index_ += step_;
        next_ = at(index_);
        return taken;
    }

    // Arrivals before t: how many of the whole run are due by then.
    double due_by(Nanos t) const {
        const double s = static_cast<double>(t - start_) / 1e9, length = static_cast<double>(table_.length) / 1e9;
        if (s <= 0) return 0;
        if (s <= length) return table_.first * s + (table_.last - table_.first) * s * s / (2 * length);
        return (table_.first + table_.last) / 2 * length + table_.last * (s - length);
    }

  private:
    Nanos at(std::uint64_t i) const {
        const double n = static_cast<double>(i), length = static_cast<double>(table_.length) / 1e9;
        const double in_ramp = (table_.first + table_.last) / 2 * length;
        double seconds;
        if (n >= in_ramp) {
            seconds = table_.last > 0 ? length + (n - in_ramp) / table_.last : 1e9;
        } else if (const double slope = (table_.last - table_.first) / length; std::abs(slope) < 1e-9) {
            seconds = n / table_.first;
        } else {
            // first*s + slope/2*s² = n
            seconds = (std::sqrt(table_.first * table_.first + 2 * slope * n) - table_.first) / slope;
        }
        return start_ + static_cast<Nanos>(seconds * 1e9);
    }

    Timetable table_;
    Nanos start_ = 0;
    std::uint64_t step_ = 1;
    std::uint64_t index_ = 0;
    Nanos next_ = INT64_MAX;
};

}  // namespace yardbench
