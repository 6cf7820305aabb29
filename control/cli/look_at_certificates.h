// What is wrong with the certificates of a configuration: unusable files, as run would refuse them, and what clients or
// the calendar will have against them.
//
// Threads: blocks on the disk. Errors: with pointers; every one is a warning of check, because the file may be another
// one where the configuration is to run.
#pragma once

#include <vector>

#include "config/model/forward.h"
#include "config/text/error.h"

namespace switchyard::control::cli {

void look_at_certificates(const config::Model& model, std::vector<config::Error>& out);

}  // namespace switchyard::control::cli
