// The doors by which discovered endpoints reach the process around them; a test stands behind each of them instead.
//
// What stands behind outlives the discovery. Threads: control.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/discovery/roll.h"
#include "control/discovery/runner/source.h"

namespace switchyard::control::discovery {

struct Sight;

struct Row {
    std::string source;  // what was asked
    std::string kept;    // kept_text()
    bool operator==(const Row&) const = default;
};
using Rows = std::map<std::string, Row>;  // by upstream; without a source: forgotten

// How endpoints are, that were found or written.
class EndpointHealth {
  public:
    virtual ~EndpointHealth() = default;
    virtual Vital vital(const std::string& upstream, const config::Address& address) const = 0;
    virtual bool others(const std::string& upstream) const = 0;  // a written endpoint is usable
};

// Whom what was found is given to.
class RollReaders {
  public:
    virtual ~RollReaders() = default;
    virtual void found(const std::string& upstream, std::vector<config::Endpoint> endpoints) = 0;
    virtual void keep(const Rows& rows) = 0;
    virtual void tell(const std::string& upstream, const Sight& sight, const Roll::News& news) = 0;
};

class Sources {
  public:
    virtual ~Sources() = default;
    virtual std::unique_ptr<EndpointSource> source(const config::Discover& discover,
                                                   const config::Discovery& rules) = 0;
};

}  // namespace switchyard::control::discovery
