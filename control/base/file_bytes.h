// The whole of a file that was named, or why it cannot be read, with its name.
//
// Threads: any; blocks on the disk.
#pragma once

#include <string>

#include "control/base/result.h"

namespace switchyard::control {

Result<std::string> file_bytes(const std::string& path);

}  // namespace switchyard::control
