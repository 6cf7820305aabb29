// JSON bodies that describe edits, as the single calls and POST /v1/changes take them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/admin/call/body.h"
#include "control/admin/call/route_table.h"
#include "control/edits/edit.h"
#include "control/edits/require.h"

namespace switchyard::control {

// {"to", "require": {"healthy"}}; what is wrong is left in `body`.
Edit read_switch(CallBody& body, const std::string& route, bool force);
// {"blue": 90, "green": 10}
Result<Edit> read_split(const Json& weights, const std::string& pointer, const std::string& route);
// {"for": "30s", "limit", "respond"}: from now on; what is wrong is left in `body`.
Edit read_hold(CallBody& body, const std::string& route);
Edit read_resume(const std::string& route);
// {"state": "up"}
Edit read_endpoint_state(CallBody& body, const std::string& upstream, const std::string& address);
// {"upstream", "healthy", "in_flight_below"}
edits::Requirement read_requirement(CallBody& body);
// What a verb of POST /v1/changes needs, as the single call of the same name does; nothing for a word that is none.
std::optional<AdminRoute::Access> access_of_verb(std::string_view verb);
const std::vector<std::string>& edit_verbs();
// One element of POST /v1/changes, for a caller of that role: 403 when the verb is not for it.
Result<Edit> read_edit(const Json& element, const std::string& pointer, config::Role role);

}  // namespace switchyard::control
