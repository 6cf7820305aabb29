// compile: a valid Model becomes the immutable Snapshot that workers route by.
//
// Everything that can fail fails here, before anything is published: regular expressions are compiled, JWT keys read
// and references to secrets followed, listening sockets opened. Errors come all at once, with their JSON pointers.
// Nothing is looked up: names of endpoints have the addresses that are known, "@candidate" is who it means now, and a
// name that has none is an endpoint that cannot be used, not an error. Threads: control only.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "config/model/forward.h"
#include "config/text/error.h"
#include "proxy/snapshot/known_addresses.h"
#include "proxy/snapshot/led_routes.h"
#include "proxy/snapshot/registry.h"

namespace switchyard {

struct Snapshot;

struct CompileResult {
    std::shared_ptr<const Snapshot> snapshot;  // null exactly when there are errors
    std::vector<config::Error> errors;
};

CompileResult compile(std::shared_ptr<const config::Model> model, std::uint64_t generation, Registry& registry,
                      const KnownAddresses& known = {}, const LedRoutes& led = {});

// The same generation with what is known now: upstreams whose names have other addresses, or whose
// discovered endpoints are others, are made anew, all else is
// shared with `before`. Cannot fail.
std::shared_ptr<const Snapshot> with_addresses(const Snapshot& before, Registry& registry, const KnownAddresses& known);

// The same with the challenges that are open now. Cannot fail.
std::shared_ptr<const Snapshot> with_challenges(std::shared_ptr<const Snapshot> before, const Registry& registry);

}  // namespace switchyard
