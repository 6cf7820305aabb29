// A process that has come by itself to take this one's place (upgrade_socket.h): no child of this one, perhaps in
// another container, where it can be seen to end but not be ended.
//
// Invariants: where it cannot be ended it was told to, and is waited for: it ends by itself unless it is stopped or
// stuck. Threads: control. Owns: a handle of the process; the line's descriptor is the channel's, which outlives end().
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "control/upgrade/other_process.h"
#include "proxy/net/descriptor.h"

namespace switchyard::control::upgrade {

class Newcomer final : public OtherProcess {
  public:
    // `line`: connected, by the newcomer.
    explicit Newcomer(int line);

    pid_t pid() const override { return pid_; }
    End end(std::chrono::milliseconds patience, std::chrono::milliseconds farewell) override;
    void let_go() override { handle_ = switchyard::net::Descriptor(); }

  private:
    bool gone_within(std::chrono::milliseconds most) const;

    const int line_;
    pid_t pid_ = 0;
    switchyard::net::Descriptor handle_;  // pidfd
};

}  // namespace switchyard::control::upgrade
