// One endpoint of an upstream: put it, remove it, or say what is wanted of it (up, drain, maint).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/edits/edit.h"

namespace switchyard::control::edits {

struct PutEndpoint {
    std::string upstream;
    std::string address;
    const nlohmann::ordered_json* settings = nullptr;  // as in the configuration, without `address`
};
struct RemoveEndpoint {
    std::string upstream;
    std::string address;
};
struct SetEndpointState {
    std::string upstream;
    std::string address;
    config::EndpointState state = config::EndpointState::up;
};

// Of an endpoint that is discovered, state and weight become an override by its address, which holds while it is gone,
// too; removing it removes the override.
// Adds it, or replaces all its settings.
Result<config::Model> apply(const config::Model& model, const Facts& facts, const PutEndpoint& wanted);
Result<config::Model> apply(const config::Model& model, const Facts& facts, const RemoveEndpoint& wanted);
Result<config::Model> apply(const config::Model& model, const Facts& facts, const SetEndpointState& wanted);

}  // namespace switchyard::control::edits
