// Upstreams that only another process still sends to, by the number of that process: each keeps its name while it has
// something in flight there, however long it is gone from the configuration here, so that its drain goes on under it.
//
// Threads: control. Owns: a hold of each name (Registry::hold_upstream). Outlived by the registry.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "proxy/base/metrics.h"
#include "proxy/snapshot/registry.h"

namespace switchyard {

class HeldUpstreams {
  public:
    explicit HeldUpstreams(Registry& registry) : registry_(registry) {}

    // What it has in flight now, in place of what it had.
    void tell(unsigned process, const std::vector<InFlight>& in_flight) {
        std::vector<std::shared_ptr<const void>> now;
        for (const auto& flight : in_flight)
            if (const auto& name = registry_.upstream_name(flight.upstream); !name.empty())
                now.push_back(registry_.hold_upstream(name));
        held_[process] = std::move(now);
    }
    void forget(unsigned process) { held_.erase(process); }

  private:
    Registry& registry_;
    std::map<unsigned, std::vector<std::shared_ptr<const void>>> held_;
};

}  // namespace switchyard
