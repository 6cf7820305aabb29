// "500ms", "10s", "2m" as nanoseconds.
#pragma once

#include <string>

#include "bench/yardbench/engine/clock.h"

namespace yardbench {

// Throws std::invalid_argument that names the text.
Nanos parse_duration(const std::string& text);

}  // namespace yardbench
