// hold and resume: a route's requests wait, or get a page, until a moment, and go on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/model/hold.h"
#include "control/edits/edit.h"

namespace switchyard::control::edits {

// Again while it is held: a later end, or another page.
struct SetHold {
    std::string route;
    config::Hold hold;
};
// Refused with 409 where nothing is held.
struct Resume {
    std::string route;
};

Result<config::Model> apply(const config::Model& model, const Facts& facts, const SetHold& wanted);
Result<config::Model> apply(const config::Model& model, const Facts& facts, const Resume& wanted);

// All holds whose end has come are over; the names of their routes.
std::vector<std::string> end_holds(config::Model& model, std::int64_t now_unix_s);
// When the first of them ends, in seconds since 1970; nothing: none is held.
std::optional<std::int64_t> first_end_of_holds(const config::Model& model);

}  // namespace switchyard::control::edits
