// Valid configurations by chance, every key of them now and then: for laws that must hold for all models.
//
// Invariants: validate(random_model(rng)) is empty. The same seed gives the same models.
#pragma once

#include <random>

#include "config/model.h"

namespace switchyard::config {

using Rng = std::mt19937_64;

Model random_model(Rng& rng);
// A valid model near `model`: one or a few edits, of the kinds an operator makes.
Model random_edit(Rng& rng, const Model& model);
// `depth`: how deep all / any / not may go.
Condition random_condition(Rng& rng, bool claims, int depth);

}  // namespace switchyard::config
