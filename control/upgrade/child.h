// The process that is to take this one's place: started from a binary, with one end of a line to it as descriptor 3.
//
// Threads: control. Owns: the child, until it has been let go of or has ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "control/base/result.h"

namespace switchyard::control::upgrade {

inline constexpr int kLineDescriptor = 3;

class Child {
  public:
    // `line` goes to it as descriptor kLineDescriptor; no other of ours does. `environment` is added to our own.
    static Result<Child> start(const std::string& binary, const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment, int line);
    Child() = default;

    pid_t pid() const { return pid_; }
    // Ends it, at once or where it has not ended by itself in this time, and waits until it is gone: nothing of it is
    // left then. Answers how it ended.
    std::string end(std::chrono::milliseconds patience);
    // It goes its own way.
    void let_go() { pid_ = -1; }

  private:
    pid_t pid_ = -1;
};

}  // namespace switchyard::control::upgrade
