// Finds the user names that a text speaks to: "@name" at the beginning or after something that is no letter or digit.
//
// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forum {

// In order of appearance, without repetition (letters compared without case), at most kMentionsMax.
std::vector<std::string> mentions_in(std::string_view text);

}  // namespace forum
