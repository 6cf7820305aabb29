// What rules that the importer writes are called, and how deep their conditions go.
//
// Threads: pure functions.
#pragma once

#include <set>
#include <string>

#include "config/model/condition.h"

namespace switchyard::config::nginx {

int depth_of(const Condition& condition);
// A name for the rule with this condition that is not among those taken; it is then.
std::string rule_name(const Condition& condition, std::set<std::string>& taken);

}  // namespace switchyard::config::nginx
