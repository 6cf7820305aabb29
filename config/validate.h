// The rules that go beyond one value: names that must exist, be unique, or fit together.
// Called by parse(); called again by whoever edits a Model.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/error.h"
#include "config/model.h"

namespace switchyard::config {

// What is wrong, in document order: the first limits::kErrors, and how many more there are.
struct Mistakes {
    std::vector<Error> errors;
    std::size_t more = 0;

    // Makes the number of the others the last of the errors.
    void close();
};

// `taken`: expressions that are in force already and not judged again; an earlier version may have taken what this one
// refuses.
Mistakes mistakes_in(const Model& model, const std::set<std::string>& taken = {});
// The same as one list; empty means the model may be compiled.
std::vector<Error> validate(const Model& model, const std::set<std::string>& taken = {});

}  // namespace switchyard::config
