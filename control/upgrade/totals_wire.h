// The sums of /metrics, as one process hands them to the next: a counter goes on where it was, and never falls.
//
// By names, as in report_wire.h. What was counted for a route or an upstream whose name is not known any more is not
// told. The last ten seconds and the last ten minutes, which people look at, begin anew.
// Pure. Errors: what cannot be read counts as nothing. Threads: plain values.
#pragma once

#include <nlohmann/json.hpp>

#include "control/metrics/totals.h"
#include "control/upgrade/report_wire.h"

namespace switchyard::control::upgrade {

nlohmann::ordered_json totals_text(const Totals& totals, const Names& names);
Totals::Beginning totals_of(const nlohmann::ordered_json& text, const Numbers& numbers);

}  // namespace switchyard::control::upgrade
