// replace: the whole configuration by another one, from the API, the file or the history.
#pragma once

#include "control/edits/edit.h"

namespace switchyard::control::edits {

// What a redacted secret looks like in rendered output (config::Secrets::redact).
inline constexpr const char* kRedacted = "…";

enum class ProcessPart : std::uint8_t {
    must_match,  // 409 "needs a restart" when it differs
    keep,        // the running one stays: for undo, and for documents that leave it out
};

// Secrets that come back redacted, as GET /v1/config shows them, keep the value they have in the route of that name.
Result<config::Model> replace(const config::Model& model, config::Model next, ProcessPart process);

}  // namespace switchyard::control::edits
