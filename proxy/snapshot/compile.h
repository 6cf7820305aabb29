// compile: a valid Model becomes the immutable Snapshot that workers route by.
//
// Everything that can fail fails here, before anything is published: names are resolved, regular expressions
// compiled, JWT keys read, listening sockets opened. Errors come all at once, with their JSON pointers.
// Threads: control only (name look-ups block it, never a worker).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "config/error.h"
#include "config/model.h"
#include "proxy/snapshot/registry.h"

namespace switchyard {

struct Snapshot;

struct CompileResult {
    std::shared_ptr<const Snapshot> snapshot;  // null exactly when there are errors
    std::vector<config::Error> errors;
};

CompileResult compile(std::shared_ptr<const config::Model> model, std::uint64_t generation, Registry& registry);

}  // namespace switchyard
