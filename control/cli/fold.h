// A line in a window that is narrower: folded where it has spaces, so that nothing of it is lost.
//
// Pure. Every character is taken for one column, as on the screen that it is for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::control::cli {

// The first part keeps the line's indentation; the others stand four columns further in. Gaps that make columns are one
// space where the line is folded. A word that is wider than the window is cut there.
std::vector<std::string> folded(std::string_view line, std::size_t columns);

}  // namespace switchyard::control::cli
