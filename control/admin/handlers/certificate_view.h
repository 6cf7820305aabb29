// A certificate as the API shows it.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>

#include "control/acme/issuance.h"
#include "control/certificates/certificates.h"

namespace switchyard::control {

nlohmann::ordered_json certificate_view(const Certificates::Sight& sight,
                                        const std::optional<acme::Issuance::Status>& asked_for);

}  // namespace switchyard::control
