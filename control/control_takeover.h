// A process that is to take another one's place meets that one: by a line that it was started with, or by the upgrade
// socket of a process that runs in another container (docs/operations.md).
//
// Errors: why it must not, with the place and what can be done; the other one goes on.
// Threads: control, before there is a loop: take_over() waits.
#pragma once

#include <cstdint>
#include <memory>

#include "control/control.h"
#include "control/upgrade/inheritance.h"

namespace switchyard::control {

// What the other one has given, with the state folder as it is seen from here: where that is another one than what is
// in force says, it is as if it had been given.
Result<std::shared_ptr<upgrade::Inheritance>> take_over(Control::Options& options);

// The network namespace that this process is in, by a number that another one on this machine can compare; 0: unknown.
std::uint64_t network_here();

}  // namespace switchyard::control
