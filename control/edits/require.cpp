#include "control/edits/require.h"

#include <fmt/format.h>

namespace switchyard::control::edits {

Result<void> require(const Facts& facts, const Requirement& wanted) {
    const auto it = facts.find(wanted.upstream);
    if (it == facts.end()) return problems::conflict(fmt::format("there is no upstream {:?}", wanted.upstream));
    const auto& found = it->second;
    if (wanted.healthy && found.healthy < *wanted.healthy)
        return problems::conflict(fmt::format("upstream {} has {} healthy of {} endpoints, {} required",
                                              wanted.upstream, found.healthy, found.endpoints, *wanted.healthy));
    if (wanted.in_flight_below && found.in_flight >= *wanted.in_flight_below)
        return problems::conflict(fmt::format("upstream {} has {} requests in flight, fewer than {} required",
                                              wanted.upstream, found.in_flight, *wanted.in_flight_below));
    return {};
}

}  // namespace switchyard::control::edits
