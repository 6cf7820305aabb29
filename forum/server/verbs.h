// What the program does besides serving: seed, migrate, backup, keys.
//
// Threads: the program's first one. Errors: SettingsError for wrong usage, other exceptions for failures.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forum {

using Verb = int (*)(const std::vector<std::string>& arguments);

// nullptr when there is none. Verbs throw SettingsError for wrong usage and other exceptions for failures.
Verb verb_named(std::string_view name);

}  // namespace forum
