// What the data plane would do with a request, and why: the same functions over the same snapshot that workers use.
//
// Nothing moves: a split's position is looked at, a token of a rate limit is not taken. What depends on the moment
// (endpoint load, limits, breakers) is told as it is now. The endpoint is named where neither chance nor a worker's
// turn decides: a session, a hash, the only one left. Threads: control; pure over the snapshot and the endpoints'
// shared state.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "control/base/result.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {

struct Question {
    std::string method = "GET";
    std::string host;
    std::string path = "/";  // with its query
    std::vector<std::pair<std::string, std::string>> headers;
    std::string client = "127.0.0.1";
    std::string listener;  // name of the one it comes to; empty: the first
};

// Both clocks that a worker goes by.
struct Moment {
    std::int64_t wall_seconds = 0;  // for tokens that expire
    std::int64_t steady_ns = 0;     // for rate limits and breakers
    bool limits = true;             // what is used up now counts

    static Moment now();
};

// 422 when it is not a request that could be sent.
Result<nlohmann::ordered_json> explain(const Snapshot& snapshot, const Question& question, const Moment& now);

// Of that only what follows from the request and the configuration: no limit, no endpoint's health, no turn of a split
// has a say in it. So two programs that mean the same by a configuration give the same answer.
Result<nlohmann::ordered_json> explain_decision(const Snapshot& snapshot, const Question& question, const Moment& now);

}  // namespace switchyard::control
