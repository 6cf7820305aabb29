#include "bench/yardbench/report/validity.h"

#include <fmt/format.h>

#include "bench/yardbench/report/figures.h"

namespace yardbench {

Validity validity(const Tally& tally, bool open_loop) {
    Validity result;
    const double available = tally.seconds() * tally.threads;
    result.busy = available > 0 ? tally.cpu_seconds / available : 0;
    if (tally.finished + tally.unsent == 0) {
        result.valid = false;
        result.reasons.push_back(
            "nothing was measured: the run ended before its warm-up did, or no request was due; see --warm-up");
    }
    if (open_loop) {
        if (const Nanos lag = tally.lag.quantile(0.99); lag > kToleratedLag) {
            result.valid = false;
            result.reasons.push_back(
                fmt::format("yardbench sent late by itself: p99 lag {} (tolerated {}); give it a processor of its own "
                            "or more --threads",
                            duration_text(lag), duration_text(kToleratedLag)));
        }
    }
    if (result.busy > kToleratedBusy) {
        result.valid = false;
        result.reasons.push_back(fmt::format(
            "yardbench was the bottleneck: its threads were busy {:.0f} % of the time; give it more --threads",
            result.busy * 100));
    }
    return result;
}

}  // namespace yardbench
