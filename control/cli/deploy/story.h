// What a release tells while it goes on: a line per step, rewritten in place on a terminal.
//
// Threads: one owner. With `silent` nothing is written: the record is printed at the end.
#pragma once

#include <chrono>
#include <string>

namespace switchyard::control::cli::deploy {

class Story {
  public:
    explicit Story(bool silent);

    void say(const std::string& line);
    // The line of a step that goes on: on a terminal at once, elsewhere not before it is settled.
    void now(const std::string& step, const std::string& text);
    void settled(const std::string& step, const std::string& text);
    // What a child prints must not stand behind a half-written line.
    void make_room();

  private:
    const bool silent_, terminal_;
    bool open_ = false;  // the cursor stands behind a line that may be rewritten
    std::string step_;
    std::chrono::steady_clock::time_point since_{};
};

}  // namespace switchyard::control::cli::deploy
