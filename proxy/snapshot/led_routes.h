// Which routes are on their way from one upstream to another, by rollouts: what a rule for "@candidate" means
// meanwhile.
//
// A fact as the addresses of names are: it changes no generation. Where it changes what a rule means, the generation in
// force is compiled again with it and published under the same number (see Snapshot::led).
// Invariants: `version` rises with every change, and whenever the generation in force is compiled anew for what it
// finds
//   elsewhere (a secret that it refers to).
// Threads: plain value; control's.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace switchyard {

struct LedRoutes {
    std::uint64_t version = 0;
    std::map<std::string, std::string> to;  // route → upstream

    // Null: no rollout leads it anywhere.
    const std::string* find(const std::string& route) const {
        const auto it = to.find(route);
        return it == to.end() ? nullptr : &it->second;
    }
};

}  // namespace switchyard
