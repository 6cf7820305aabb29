// Lines on a terminal, redrawn in place: folded to the window's width and cut to its height, so that nothing scrolls.
//
// Threads: one owner. Errors: none; a terminal that does not say its size is taken for 80 by 24.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace switchyard::control::cli {

class Screen {
  public:
    // Standard output is one.
    static bool on_terminal();
    static std::size_t columns();

    void draw(const std::vector<std::string>& said);

  private:
    bool cleared_ = false;  // once, before the first picture
};

}  // namespace switchyard::control::cli
