// What a live rollout needs from the process around it. Functions, so that a test can stand in for all of it.
//
// Threads: control.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/model.h"
#include "control/core/change.h"
#include "control/rollout/machine.h"
#include "control/rollout/runner/http_call.h"

namespace switchyard::control::rollout {

struct Ports {
    unsigned workers = 1;
    std::function<Monotonic()> now;
    std::function<void()> collect;           // asks every worker for what it has counted until now
    std::function<std::string()> timestamp;  // wall clock, for people
    std::function<const config::Model&()> model;
    std::function<void(Change, Answered)> change;
    std::function<bool(std::uint64_t generation)> adopted;                             // by every worker
    std::function<Result<void>(const std::string& id, const std::string& text)> keep;  // durably
    std::function<Result<void>(const std::vector<std::string>& ids)> forget;           // what keep() was given
    std::function<void(nlohmann::ordered_json)> event;
    std::function<std::uint32_t(const std::string&)> route_id, upstream_id;
    std::function<std::optional<std::pair<std::string, std::string>>(std::uint32_t)> endpoint;  // upstream, address
    std::function<void(const std::string& url, const std::string& body, Duration, HttpDone)> call;
};

}  // namespace switchyard::control::rollout
