// How a rollout moves traffic: the configuration in force, and changes of it.
//
// Threads: control. `done` of a change is called once, within the call or later.
#pragma once

#include "config/model/forward.h"
#include "control/core/change.h"

namespace switchyard::control::rollout {

class Steering {
  public:
    virtual ~Steering() = default;
    virtual const config::Model& model() const = 0;
    virtual void change(Change change, Answered done) = 0;
    // Which routes are held may be others from now on.
    virtual void led() {}
};

}  // namespace switchyard::control::rollout
