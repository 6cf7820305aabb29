// Judges every request of a run against the switches made during it. Pure: two lists in, a verdict out.
//
// A request is STALE when it was sent (send() was called) after a switch had been answered and yet
//   - carries a generation older than the answered one, or
//   - was answered by a colour that was neither the one switched to nor one that a later switch, asked for before the
//     request was done, leads to.
// It is never enough that a request was on the wire while the switch was made: those may go either way.
#pragma once

#include <string>
#include <vector>

#include "bench/yardbench/engine/colours.h"
#include "bench/yardbench/switching/request_log.h"
#include "bench/yardbench/switching/switcher.h"

namespace yardbench {

struct SwitchReport {
    SwitchAnswer answer;
    std::uint64_t sent_after = 0;  // requests sent after this answer and before the next was asked for
    std::uint64_t stale = 0;
    std::uint64_t stale_by_colour = 0;
    std::uint64_t stale_by_generation = 0;
    std::uint64_t failed = 0;  // requests that failed between this switch being asked for and the next
    Nanos stale_until = 0;     // the last stale request was sent this long after the answer
    Nanos p99_around = 0;      // latency of requests sent within half a second of the answer
};

struct SwitchVerdict {
    std::vector<SwitchReport> switches;
    std::uint64_t requests = 0;
    std::uint64_t failed = 0;
    std::uint64_t stale = 0;
    std::uint64_t refused_switches = 0;
    // Answered, but with nothing to compare: neither a known colour nor a generation, or, after a switch, a generation
    // where the switch gave none. Proves nothing.
    std::uint64_t unjudged = 0;
    std::uint64_t judged = 0;  // sent after a switch, and compared with it
    bool clean() const { return failed == 0 && stale == 0 && refused_switches == 0 && unjudged == 0; }
};

// `log` is put in order of sending.
SwitchVerdict judge_switches(RequestLog& log, const std::vector<SwitchAnswer>& answers, const Colours& colours);

// What the clients saw around a switch, as seen from its answer and summed over all switches: one slice per
// millisecond from -50 to +250.
struct TimelineSlice {
    int offset_ms = 0;
    std::uint64_t new_colour = 0;
    std::uint64_t old_colour = 0;
    std::uint64_t failed = 0;
    Nanos worst = 0;
};
std::vector<TimelineSlice> timeline(const RequestLog& sorted_log, const std::vector<SwitchAnswer>& answers,
                                    const Colours& colours);

}  // namespace yardbench
