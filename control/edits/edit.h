// An edit: a pure function from the configuration in force (and what is true right now) to the one wanted.
//
// Invariants: changes nothing itself; a Problem means "refused", and names the place. The result need not be valid:
//   the caller that applies it calls config::validate() and compile().
#pragma once

#include <functional>
#include <string>

#include "config/model.h"
#include "control/base/result.h"
#include "control/edits/facts.h"

namespace switchyard::control {

using Edit = std::function<Result<config::Model>(const config::Model&, const Facts&)>;

namespace edits {

// The place in `model`, or the 404 that lists what there is.
Result<std::size_t> route_index(const config::Model& model, const std::string& name);
Result<std::size_t> endpoint_index(const config::Model& model, const std::string& upstream, const std::string& address);
// Null when the upstream exists, else why not, with the names there are.
std::string unknown_upstream(const config::Model& model, const std::string& name);

}  // namespace edits
}  // namespace switchyard::control
