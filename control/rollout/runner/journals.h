// Where rollouts have kept what is to be known of them after a restart.
//
// Threads: control, which never waits for the disk. `done` may be empty; it is called once, within the call or when the
//   disk has answered.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/base/result.h"

namespace switchyard::control::rollout {

class Journals {
  public:
    using Kept = std::function<void(Result<void>)>;

    virtual ~Journals() = default;
    // Durably, in place of what was kept under this id.
    virtual void keep(const std::string& id, const std::string& text, Kept done) = 0;
    virtual void forget(const std::vector<std::string>& ids, Kept done) = 0;
};

}  // namespace switchyard::control::rollout
