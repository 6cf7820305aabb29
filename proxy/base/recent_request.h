// The head of a request that a worker has served not long ago, for a question that is asked by it: whether another
// program would do with it what this one did.
//
// Threads: plain value.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace switchyard {

struct RecentRequest {
    std::string method, target, host;
    std::string client;                                       // the peer, as an address
    std::string listener;                                     // its name
    std::vector<std::pair<std::string, std::string>> fields;  // all but Host
};

}  // namespace switchyard
