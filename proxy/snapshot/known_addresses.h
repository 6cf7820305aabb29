// What is known of the world and not configured: the addresses that names have. A fact changes no generation: the
// snapshot of the generation in force is made again with it and published under the same number (see Snapshot::facts).
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

namespace switchyard {

struct KnownAddresses {
    std::uint64_t version = 0;
    std::map<std::string, std::vector<std::string>, std::less<>> of;

    const std::vector<std::string>& find(std::string_view name) const {
        static const std::vector<std::string> kNone;
        const auto it = of.find(name);
        return it == of.end() ? kNone : it->second;
    }
};

}  // namespace switchyard
