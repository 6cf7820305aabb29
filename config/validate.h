// The rules that go beyond one value: names that must exist, be unique, or fit together.
// Called by parse(); called again by whoever edits a Model.
#pragma once

#include <vector>

#include "config/error.h"
#include "config/model.h"

namespace switchyard::config {

// All errors, in document order; empty means the model may be compiled.
std::vector<Error> validate(const Model& model);

}  // namespace switchyard::config
