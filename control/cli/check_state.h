// switchyard check --state DIR: does this program take up what a state directory holds?
#pragma once

#include <string>

namespace switchyard::control::cli {

// Looks at a private copy: the directory may be in use, and stays as it is. 0 also with warnings.
int check_state(const std::string& folder, bool json);

}  // namespace switchyard::control::cli
