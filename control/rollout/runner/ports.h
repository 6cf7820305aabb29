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

#include "config/model/forward.h"
#include "control/core/change.h"
#include "control/rollout/machine.h"
#include "control/rollout/runner/http_call.h"

namespace switchyard::control::rollout {

// Who of an upstream could be asked right now.
struct UpstreamHealth {
    std::uint32_t endpoints = 0;
    std::uint32_t usable = 0;   // wanted up, with a weight, found up by its checks, not ejected
    std::uint32_t unknown = 0;  // not checked yet
    std::vector<std::pair<std::string, std::string>> down;         // the others: address, and why as far as it is known
    std::uint32_t wanted = 0;                                      // that are to serve, whether they can or not
    std::vector<std::pair<std::string, std::string>> taken_out{};  // of those: by checks or ejection, not by a person
};

struct Ports {
    unsigned workers = 1;
    std::function<Monotonic()> now;
    std::function<void()> collect;                     // asks every worker for what it has counted until now
    std::function<std::string()> timestamp;            // wall clock, for people
    std::function<std::string(Duration)> time_of_day;  // by it, in so long
    std::function<const config::Model&()> model;
    std::function<void(Change, Answered)> change;
    std::function<void()> led = {};                         // which routes are held may have changed; may be empty
    std::function<bool(std::uint64_t generation)> adopted;  // by every worker
    using Kept = std::function<void(Result<void>)>;         // within the call, or when the disk has answered
    std::function<void(const std::string& id, const std::string& text, Kept done)> keep;  // durably
    std::function<void(const std::vector<std::string>& ids, Kept done)> forget;           // what keep() was given
    std::function<void(nlohmann::ordered_json)> event;
    std::function<std::uint32_t(const std::string&)> route_id, upstream_id;
    std::function<std::optional<std::pair<std::string, std::string>>(std::uint32_t)> endpoint;  // upstream, address
    // Whether workers note where the marks of a route come from, and what is slow; nothing: they do not.
    std::function<void(const std::string& route, const std::optional<MarkLimits>& limits)> note_marks;
    std::function<bool(const std::string& upstream)> usable;            // any endpoint of it; asked with every look
    std::function<UpstreamHealth(const std::string& upstream)> health;  // the whole story
    std::function<void(const HttpAsk&, HttpDone)> call;
};

}  // namespace switchyard::control::rollout
