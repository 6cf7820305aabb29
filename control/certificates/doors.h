// The doors by which certificates reach the process around them; a test stands behind each of them instead.
//
// What stands behind outlives the certificates. Threads: control.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "config/model/forward.h"
#include "control/store/records.h"

namespace switchyard::control {

// The generation that shows them, and how another certificate comes into it.
class ShownGeneration {
  public:
    virtual ~ShownGeneration() = default;
    virtual const config::Model& model() const = 0;
    virtual std::uint64_t generation() const = 0;
    // The generation in force with what is on the shelf now.
    virtual void publish() = 0;
    // Calls when every worker has adopted what was published.
    virtual void everywhere(std::function<void()> then) = 0;
    virtual void keep(const AuditEntry& entry) = 0;
};

class CertificateClock {
  public:
    virtual ~CertificateClock() = default;
    virtual std::int64_t now() const = 0;     // seconds since 1970, of the wall clock
    virtual std::int64_t steady() const = 0;  // seconds of a clock that is never set
    virtual std::string timestamp() const = 0;
};

}  // namespace switchyard::control
