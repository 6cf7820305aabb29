// replace: the whole configuration by another one, from the API, the file or the history.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/edits/edit.h"

namespace switchyard::control::edits {

// What a hidden secret looks like in rendered output (config::Secrets::redact); a configuration that holds one is
// refused when it is parsed.
inline constexpr const char* kHidden = "…";

enum class ProcessPart : std::uint8_t {
    must_match,  // 409 "needs a restart" when it differs
    keep,        // the running one stays: for undo, and for documents that leave it out
};

// Secrets that come back hidden, as GET /v1/config shows them, get the value they have in the route of that name.
void restore_secrets(nlohmann::ordered_json& document, const config::Model& in_force);

Result<config::Model> replace(const config::Model& model, config::Model next, ProcessPart process);

}  // namespace switchyard::control::edits
