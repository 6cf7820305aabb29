// The process that is to take this one's place: started from a binary, with one end of a line to it as descriptor 3.
//
// Threads: control. Owns: the child, until it has been let go of or has ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "control/base/result.h"
#include "control/upgrade/other_process.h"

namespace switchyard::control::upgrade {

inline constexpr int kLineDescriptor = 3;

class Child final : public OtherProcess {
  public:
    // `line` goes to it as descriptor kLineDescriptor; no other of ours does. `environment` is added to our own.
    static Result<std::unique_ptr<Child>> start(const std::string& binary, const std::vector<std::string>& arguments,
                                                const std::vector<std::string>& environment, int line);

    pid_t pid() const override { return pid_; }
    End end(std::chrono::milliseconds patience, std::chrono::milliseconds farewell) override;
    void let_go() override { pid_ = -1; }

  private:
    pid_t pid_ = -1;
};

}  // namespace switchyard::control::upgrade
