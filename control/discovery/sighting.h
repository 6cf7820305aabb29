// What a source of endpoints said once: a whole answer, or that there is none.
//
// Threads: plain value.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/model/address.h"

namespace switchyard::control::discovery {

struct Found {
    config::Address address;  // numeric
    std::uint32_t weight = 1;
    bool backup = false;
    bool draining = false;  // keeps what it has and gets nothing new
    bool down = false;      // the source's own checks say so
    bool operator==(const Found&) const = default;
};

struct Sighting {
    bool complete = false;   // all that there is, be it nothing; otherwise it says nothing at all
    std::string why;         // it is not complete
    bool may_remove = true;  // false: what it lacks says nothing, as of an agent that has lost its leader
    bool in_parts = false;   // each answer may be another part of the whole: name servers turn large sets
    std::vector<Found> found;

    static Sighting failed(std::string why) {
        Sighting out;
        out.why = std::move(why);
        return out;
    }
    static Sighting of(std::vector<Found> found) {
        Sighting out;
        out.complete = true;
        out.found = std::move(found);
        return out;
    }
};

}  // namespace switchyard::control::discovery
