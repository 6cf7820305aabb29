// What time it is: for what a rollout measures, and for what people read of it.
//
// Threads: control. Implemented by control's wiring; by a test that says what time it is.
#pragma once

#include <string>

#include "control/rollout/machine.h"

namespace switchyard::control::rollout {

class Clock {
  public:
    virtual ~Clock() = default;
    virtual Monotonic now() const = 0;
    virtual std::string timestamp() const = 0;                  // of the wall clock
    virtual std::string time_of_day(Duration ahead) const = 0;  // by it, in so long
};

}  // namespace switchyard::control::rollout
