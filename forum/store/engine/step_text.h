// A step of the schema as the text that it is.
//
// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forum {

// Its statements, cut at their semicolons; comments are left out. Not for steps with triggers, whose bodies have some
// too.
std::vector<std::string> statements_of_step(std::string_view sql);

}  // namespace forum
