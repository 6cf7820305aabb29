// What Kubernetes says of a service: its EndpointSlices (discovery.k8s.io/v1), listed and then watched.
//
// The service's endpoints are those of all its slices; one that stands in two counts once. `ready` missing is true;
//   serving and terminating keeps what it has (KEP-1672); neither ready nor serving is down by the source; terminating
//   and no longer serving is gone.
// Pure. Threads: one. Errors: words; what was known stays.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control/discovery/sighting.h"

namespace switchyard::control::discovery {

class KubernetesSlices {
  public:
    enum class Read : std::uint8_t {
        same,     // nothing that counts
        changed,  // sighting() is another
        stale,    // too old to be gone on from: list anew
        broken,   // `why`
    };

    // `port`: its name, or its number; empty: the only one.
    explicit KubernetesSlices(std::string port) : port_(std::move(port)) {}

    // A page of the list: the first, or, `goes_on`, the one behind the page before; whole with the one without next().
    Read list(std::string_view body, bool goes_on, std::string* why);
    const std::string& next() const { return next_; }
    Read event(std::string_view line, std::string* why);
    // Where a watch goes on from.
    const std::string& version() const { return version_; }
    Sighting sighting() const;

  private:
    struct Slice {
        std::vector<Found> found;
        bool port_missing = false;
    };
    Slice slice(const void* json) const;

    std::string port_;
    std::string version_, next_;
    std::map<std::string, Slice> slices_;  // by name
};

}  // namespace switchyard::control::discovery
