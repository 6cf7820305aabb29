// The names of the parts of a configuration, for headers that only pass them on.
#pragma once

namespace switchyard::config {

struct Certificate;
struct Condition;
struct Discover;
struct Endpoint;
struct Health;
struct Listener;
struct Model;
struct Process;
struct Route;
struct Upstream;

}  // namespace switchyard::config
