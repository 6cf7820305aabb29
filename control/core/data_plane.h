// The data plane as the controller drives it: what a configuration is compiled to, what the workers are given, and what
// is known of the endpoints.
//
// Threads: control. Errors: of a configuration that cannot be compiled, in the result; nothing was published then.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "config/model/forward.h"
#include "control/edits/edit.h"
#include "proxy/snapshot/compile.h"

namespace switchyard::control {

class DataPlane {
  public:
    virtual ~DataPlane() = default;
    virtual CompileResult compile(std::shared_ptr<const config::Model> model, std::uint64_t generation) = 0;
    virtual void publish(std::shared_ptr<const Snapshot> snapshot) = 0;
    // A new generation is being published: health checks, ejections and all else that watches endpoints follow it.
    virtual void follow(const config::Model& model) = 0;
    virtual Facts facts(const config::Model& model) const = 0;
    // The number by which the workers count what is in flight.
    virtual std::uint32_t upstream_id(const std::string& name) const = 0;
    // Closes whatever generations before this one still have in flight to these upstreams.
    virtual void cut(std::uint64_t before, const std::set<std::uint32_t>& upstreams) = 0;
};

}  // namespace switchyard::control
