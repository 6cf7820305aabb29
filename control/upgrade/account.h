// Who keeps account of the processes that served before: what each goes by, and what it counts.
//
// Threads: control. Called from within Predecessors, which is not changed by it.
#pragma once

#include <cstdint>

#include "control/upgrade/channel.h"

namespace switchyard::control::upgrade {

class Account {
  public:
    virtual ~Account() = default;
    // Its number among those that adopt. `counts`: it tells what it counts; `adopted`: what it goes by.
    virtual unsigned joined(bool counts, std::uint64_t adopted) = 0;
    virtual void adopted(unsigned number, std::uint64_t generation) = 0;
    // Of one that counts: it is not listened to for a while.
    virtual void paused(unsigned number) = 0;
    virtual void left(unsigned number) = 0;
    // What one that counts has answered ask().
    virtual void counts(unsigned number, bool newest, const Message& message) = 0;
};

// What the newest of them, whose place this process takes, says of that.
class Takeover {
  public:
    virtual ~Takeover() = default;
    virtual void said(const Message& message) = 0;
    virtual void gone() = 0;
};

}  // namespace switchyard::control::upgrade
