// A certificate as the API shows it.
#pragma once

#include <nlohmann/json.hpp>

#include "control/certificates/certificates.h"

namespace switchyard::control {

nlohmann::ordered_json certificate_view(const Certificates::Sight& sight);

}  // namespace switchyard::control
