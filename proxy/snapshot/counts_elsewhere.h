// What other processes have in flight, where a limit counts it: while a process that served before this one still has
// requests, a limit holds for both together.
//
// What is told of the others is added to the very counts that the workers hold against their limits, so the way of a
// request knows nothing of it; own() is what is left without it. What was told stands until something else is told.
// Threads: control. Owns: nothing; what it counts at is held while there is something elsewhere.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "proxy/snapshot/registry.h"

namespace switchyard {

struct Snapshot;

// What is limited – of endpoints all, where it is asked for – and not zero.
struct InFlightShare {
    std::map<std::pair<std::string, std::string>, std::uint32_t> endpoints;  // by upstream and address
    std::map<std::string, std::uint32_t> routes, listeners, waiting;         // `waiting`: in the queue of an upstream

    InFlightShare& operator+=(const InFlightShare& o);
    bool operator==(const InFlightShare&) const = default;
};

class CountsElsewhere {
  public:
    explicit CountsElsewhere(Registry& registry) : registry_(registry) {}

    // Of this process alone. `all`: also at endpoints without a limit.
    InFlightShare own(const Snapshot& snapshot, bool all) const;
    // All others together.
    void tell(const InFlightShare& share);

  private:
    template <class Count>
    struct Told {
        std::shared_ptr<Count> at;
        std::uint32_t count = 0;
    };
    template <class Key, class Count>
    using Book = std::map<Key, Told<Count>>;

    Registry& registry_;
    Book<std::pair<std::string, std::string>, upstream::EndpointState> endpoints_;
    Book<std::string, SharedCount> routes_, listeners_, waiting_;
};

}  // namespace switchyard
