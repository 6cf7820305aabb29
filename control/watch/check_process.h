// The process of a check: started in its sandbox (program_check.h), ended, waited for.
//
// Invariants: what has been started is killed, with its group, at the latest when this ends.
// Threads: start() on any, which it may hold up as long as a disk hangs; what it sets up for the program (no new
//   privileges, none of ours) it sets up for the calling thread too. The rest: control. Owns: the process.
#pragma once

#include <sys/types.h>

#include <utility>

#include "control/watch/program_check.h"
#include "proxy/net/descriptor.h"

namespace switchyard::control {

class CheckProcess {
  public:
    CheckProcess() = default;
    CheckProcess(CheckProcess&& other) noexcept { *this = std::move(other); }
    CheckProcess& operator=(CheckProcess&& other) noexcept {
        std::swap(pid_, other.pid_);
        std::swap(error_, other.error_);
        std::swap(watch_, other.watch_);
        return *this;
    }
    ~CheckProcess();

    static CheckProcess start(const CheckProgram& program);

    bool is_started() const { return pid_ > 0; }
    int error() const { return error_; }        // errno: why it was not
    int watch() const { return watch_.get(); }  // readable when it has ended
    // It and its group.
    void kill() const;
    // After it has ended; takes what is left of its group with it. The status that waitpid gives; -1: it has not ended.
    int reap();

  private:
    pid_t pid_ = -1;
    int error_ = 0;
    switchyard::net::Descriptor watch_;
};

}  // namespace switchyard::control
