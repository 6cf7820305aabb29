// What a process does while another one takes its place: the doors of Succession to the rest of it.
//
// Threads: control. All but what is given to be called later (`done`, `drained`) is called from Succession only.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "control/base/result.h"
#include "control/upgrade/channel.h"

namespace switchyard::control::upgrade {

// How the other process is started, and what it is to try.
class Launch {
  public:
    using Described = std::function<void(Result<Json>, std::vector<int>)>;

    virtual ~Launch() = default;
    virtual std::vector<std::string> arguments() const = 0;
    virtual std::vector<std::string> environment() const = 0;
    // What the message says and comes with. May take its time.
    virtual void rehearsal(Described done) = 0;
    // Whether this version could take the state back from the other one.
    virtual void reversible(std::function<void(Result<void>)> done) = 0;
    // It has failed.
    virtual void event(Json body) = 0;
};

// What is given, and taken back.
class Handover {
  public:
    virtual ~Handover() = default;
    // Nothing is changed from now on; `done` when all that was under way is durable and answered.
    virtual void freeze(std::function<void(Result<void>)> done) = 0;
    virtual void thaw() = 0;
    // Everything there is, and the descriptors that go with it.
    virtual std::pair<Json, std::vector<int>> state() = 0;
    virtual void park() = 0;      // accept no connection, and decide nothing
    virtual void speak_up() = 0;  // for the service again: the other one is about to be ended
    // What was parked, and whatever was decided meanwhile. `decides`: else the other one has not ended, and nothing is
    // changed before decide().
    virtual void take_back(bool decides) = 0;
    virtual void decide() = 0;
};

// What it does while the other one is in charge.
class Following {
  public:
    virtual ~Following() = default;
    virtual void follow() = 0;  // the newest generation of the store; its adoption is told by adopted()
    virtual void reopen_logs() = 0;
    // Something else, of what the process in charge may want of one that follows. False: it is not understood.
    virtual bool wanted(const Message& message) = 0;
    // What it has may go on for so long. Null: as was said before.
    virtual void let_go(std::chrono::milliseconds within, std::function<void()> drained) = 0;
    virtual void left_alone() = 0;  // the other one is gone, and there is no way back
    virtual void exit() = 0;
};

}  // namespace switchyard::control::upgrade
