// Waiting for a drain from the command line.
#pragma once

#include <string>

#include "control/cli/verb.h"

namespace switchyard::control::cli {

// The drain when it has ended, or when the time was over.
ClientAnswer drain_after(const Options& options, const std::string& id, const std::string& wait);
// The same, printed: 0 when it has ended with nothing in flight, 3 when the time was over first.
int wait_drained(const Options& options, const std::string& id, const std::string& wait);
// The receipt of a change, and then the same where `wait` is not empty; one document where JSON is wanted.
int print_drained(const Options& options, const ClientAnswer& receipt, const std::string& wait);

}  // namespace switchyard::control::cli
