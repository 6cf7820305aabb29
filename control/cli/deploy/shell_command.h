// A command of the operator's, run by /bin/sh in a process group of its own; what it prints goes to standard error.
//
// Threads: one. Errors: a sentence. `look` is called every now and then while it runs; when it answers false the group
// gets SIGTERM, and SIGKILL when it is still there some seconds later.
#pragma once

#include <functional>
#include <string>

namespace switchyard::control::cli::deploy {

// Empty: it ended with 0.
std::string run_command(const std::string& command, const std::function<bool()>& look);

}  // namespace switchyard::control::cli::deploy
