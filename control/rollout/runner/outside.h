// Whom a rollout tells what it does, and whom it asks: events of this process, checks and webhooks elsewhere.
//
// Threads: control. A call answers once, never from within.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/rollout/runner/http_call.h"

namespace switchyard::control::rollout {

class Outside {
  public:
    virtual ~Outside() = default;
    virtual void event(nlohmann::ordered_json body) = 0;
    virtual void call(const HttpAsk& ask, HttpDone done) = 0;
};

}  // namespace switchyard::control::rollout
