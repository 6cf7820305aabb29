// What stands behind an e-value, for people: a logarithm means nothing at night.
//
// Pure. Units: ln_e is a natural logarithm.
#pragma once

#include <string>

namespace switchyard::control {

// "says nothing yet", "speaks for it", "47 : 1 against it".
std::string odds_words(double ln_e);

}  // namespace switchyard::control
