// The order of a list that two sides have changed: one side's order leads, what only the other has is woven in.
//
// Threads: pure functions. Cost: linear.
#pragma once

#include <string>
#include <vector>

namespace switchyard::config {

using Names = std::vector<std::string>;

// Names of `leading` in their order; each of `other` that it lacks stands right behind the neighbour that it has in
// `other` (in front of everything when it has none).
Names woven(const Names& leading, const Names& other);

// True when the names that both lists have stand in another order.
bool reordered(const Names& before, const Names& after);

}  // namespace switchyard::config
