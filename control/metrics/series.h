// The last ten minutes, second by second, for people who look: requests, errors and quantiles of every route at every
// upstream, and of every upstream over all routes.
//
// Bounded: kSeconds points (24 bytes each) of at most kMostLines lines, and one histogram per line for the second that
//   still fills. Beyond, the line that has been silent for longest makes room, if that is kSilence or more; else what
//   is new is not taken, so that the lines that are drawn have no gaps. An upstream over all routes goes before those
//   of single routes: for it one of these makes room in any case.
// Invariants: a second is told once it is over and is not changed afterwards; one in which nothing ended counts
// nothing. Threads: control. Units: microseconds, counts; seconds of the machine's steady clock, which a restart does
// not set
//   back; ids are the Registry's.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "proxy/base/histogram.h"
#include "proxy/base/metrics.h"

namespace switchyard::control {

class Series {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::int64_t kSeconds = 600;
    static constexpr std::size_t kMostLines = 256;  // some 20 KB each
    // Of seconds. Long enough that what is asked for twice a minute keeps its line.
    static constexpr std::int64_t kSilence = 60;
    static constexpr std::uint32_t kAllRoutes = ~std::uint32_t{0};

    struct Point {
        std::int64_t second = -1;
        std::uint32_t requests = 0, errors = 0;  // errors: 5xx and cut
        std::uint32_t p50_us = 0, p99_us = 0;
    };
    using Key = std::pair<std::uint32_t, std::uint32_t>;  // route, upstream

    void add(const WorkerReport& report, Time now);

    // The last second that is over.
    static std::int64_t last_full(Time now);
    struct Told {
        std::int64_t to = 0;                      // the last second, which is the last of each line's points
        std::int64_t seconds = 0;                 // how many there are
        std::map<Key, std::vector<Point>> lines;  // without those that counted nothing in that time
    };
    // What came after that second, as far as it is kept. One that has not been yet: all.
    Told since(std::int64_t after, Time now);

    // As in Totals: their ids may be given again.
    void forget_route(std::uint32_t id);
    void forget_upstream(std::uint32_t id);
    std::size_t lines() const { return lines_.size(); }

  private:
    struct Line {
        std::array<Point, kSeconds> points;
        Histogram filling;         // of `newest`
        std::int64_t newest = -1;  // the second that was counted last
        bool open = false;         // its quantiles are still to be taken

        Point& at(std::int64_t second) { return points[static_cast<std::size_t>(second) % points.size()]; }
        void close();
    };
    // None where there is no room for it.
    Line* line(const Key& key, std::int64_t second);
    bool make_room(const Key& key, std::int64_t second);
    void count(const Key& key, const Cell& cell, std::int64_t second);

    std::map<Key, std::unique_ptr<Line>> lines_;
    // No line has been silent for kSilence before that second: with thousands of keys beyond the limit, not each of
    // them looks through all lines.
    std::int64_t none_silent_before_ = 0;
};

}  // namespace switchyard::control
