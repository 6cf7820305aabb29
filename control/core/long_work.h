// Where work that is long and needs nothing of control is done, so that control's thread goes on meanwhile.
//
// Invariants: pieces are done one after the other in the order in which they were given; `then` is called on control's
//   thread, once, unless the process ends first. A piece owns what it works on, or shares what is immutable.
#pragma once

#include <functional>

namespace switchyard::control {

class LongWork {
  public:
    virtual ~LongWork() = default;
    // False: too much waits already; nothing is done.
    virtual bool run(std::function<void()> work, std::function<void()> then) = 0;
};

}  // namespace switchyard::control
