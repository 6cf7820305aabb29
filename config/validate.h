// The rules that go beyond one value: names that must exist, be unique, or fit together.
// Called by parse(); called again by whoever edits a Model.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/error.h"
#include "config/model.h"

namespace switchyard::config {

// All errors, in document order; empty means the model may be compiled.
// `taken`: expressions that are in force already and not judged again; an earlier version may have taken what this one
// refuses.
std::vector<Error> validate(const Model& model, const std::set<std::string>& taken = {});

}  // namespace switchyard::config
