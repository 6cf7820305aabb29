// A secret that the configuration only refers to, followed to where it stands: a variable of the environment, or a
// file.
//
// Invariants: what is found is in no message, and only what is compiled with it keeps it. Line ends behind it are
//   taken off: editors and `echo` leave them.
// Threads: any; blocks on the disk. Errors: no value, and `why` names the place that was looked at.
#pragma once

#include <optional>
#include <string>

#include "config/model/secret.h"

namespace switchyard::config {

inline constexpr std::size_t kMostSecretBytes = 65'536;  // a PEM key has a few thousand; what is more is another file

std::optional<std::string> secret_value(const Secret& secret, std::string* why);

}  // namespace switchyard::config
