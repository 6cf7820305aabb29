// What is known of the world and not configured: the addresses that names have, the endpoints that registries name. A
// fact changes no generation: the snapshot of the generation in force is made again with it and published under the
// same number (see Snapshot::facts).
//
// Invariants: `version` rises with every change and with nothing else. Addresses are numeric, in canonical form,
// sorted,
//   each once. A name that is not here has no address known.
// Threads: plain value; control's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/endpoint.h"

namespace switchyard {

struct KnownAddresses {
    std::uint64_t version = 0;
    std::map<std::string, std::vector<std::string>, std::less<>> of;
    // By upstream: what was discovered for it, at numeric addresses, each once, before any override.
    std::map<std::string, std::vector<config::Endpoint>, std::less<>> discovered = {};

    const std::vector<std::string>& find(std::string_view name) const {
        static const std::vector<std::string> kNone;
        const auto it = of.find(name);
        return it == of.end() ? kNone : it->second;
    }
    const std::vector<config::Endpoint>& found(std::string_view upstream) const {
        static const std::vector<config::Endpoint> kNone;
        const auto it = discovered.find(upstream);
        return it == discovered.end() ? kNone : it->second;
    }
};

}  // namespace switchyard
