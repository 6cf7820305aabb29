// Model → canonical JSON: fixed key order, defaults left out, durations and sizes in their largest exact unit.
// Byte-equal for equal models. Secrets (jwt keys) are replaced by "…" when `redact` is asked for.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/model.h"

namespace switchyard::config {

enum class Secrets : bool { keep, redact };

nlohmann::ordered_json render(const Model& model, Secrets secrets = Secrets::keep);
std::string render_text(const Model& model, Secrets secrets = Secrets::keep);

}  // namespace switchyard::config
