// The doors by which the book of releases reaches the process around it; a test stands behind each of them instead.
//
// What stands behind outlives the book. Threads: control.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/model/forward.h"
#include "control/base/result.h"
#include "control/core/change.h"
#include "control/release/release.h"

namespace switchyard::control::release {

class BookClock {
  public:
    virtual ~BookClock() = default;
    virtual std::chrono::milliseconds now() const = 0;  // monotonic
    virtual std::string timestamp() const = 0;          // of the wall clock
};

// What is in force, and what moves it.
class RoutesInForce {
  public:
    virtual ~RoutesInForce() = default;
    virtual const config::Model& model() const = 0;
    virtual std::uint64_t generation() const = 0;
    // Aborts the rollout that moves this route this way, if there is one; its id, or empty.
    virtual std::string abort_rollout(const Release& release) = 0;
};

// Where releases are written down, and told of.
class BookPages {
  public:
    virtual ~BookPages() = default;
    virtual Result<void> keep(const std::string& id, const std::string& text) = 0;
    virtual Result<void> forget(const std::vector<std::string>& ids) = 0;
    // Into the audit: verb, who, and a line.
    virtual void note(const std::string& verb, const Caller& caller, const std::string& line) = 0;
    virtual void event(nlohmann::ordered_json body) = 0;
};

struct Doors {
    const BookClock& clock;
    RoutesInForce& routes;
    BookPages& pages;
};

}  // namespace switchyard::control::release
