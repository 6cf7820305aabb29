// A roll as it stands in the store.
//
// Pure. Errors: a text that is not understood is nothing kept; the source will say it again.
#pragma once

#include <optional>
#include <string>

#include "control/discovery/roll.h"

namespace switchyard::control::discovery {

std::string kept_text(const Roll::Kept& kept);
std::optional<Roll::Kept> read_kept(const std::string& text);

}  // namespace switchyard::control::discovery
