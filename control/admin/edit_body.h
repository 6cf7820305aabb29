// JSON bodies that describe edits, as the single calls and POST /v1/changes take them.
#pragma once

#include <string>

#include "control/admin/body.h"
#include "control/edits/edit.h"
#include "control/edits/require.h"

namespace switchyard::control {

// {"to", "require": {"healthy"}}; what is wrong is left in `body`.
Edit read_switch(BodyReader& body, const std::string& route, bool force);
// {"blue": 90, "green": 10}
Result<Edit> read_split(const Json& weights, const std::string& pointer, const std::string& route);
// {"state": "up"}
Edit read_endpoint_state(BodyReader& body, const std::string& upstream, const std::string& address);
// {"upstream", "healthy", "in_flight_below"}
edits::Requirement read_requirement(BodyReader& body);
// One element of POST /v1/changes.
Result<Edit> read_edit(const Json& element, const std::string& pointer);

}  // namespace switchyard::control
