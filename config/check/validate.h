// The rules that go beyond one value: names that must exist, be unique, or fit together.
// Called by parse(); called again by every editor of a Model.
#pragma once

#include <vector>

#include "config/check/taken.h"
#include "config/model.h"
#include "config/text/error.h"

namespace switchyard::config {

// What is wrong, in document order: the first limits::kErrors, and how many more there are.
struct Mistakes {
    std::vector<Error> errors;
    std::size_t more = 0;

    // Makes the number of the others the last of the errors.
    void close();
};

Mistakes mistakes_in(const Model& model, const Taken& taken = {});
// The same as one list; empty means the model may be compiled.
std::vector<Error> validate(const Model& model, const Taken& taken = {});

}  // namespace switchyard::config
