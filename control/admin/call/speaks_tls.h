// Whether the admin API is spoken to by TLS: by files of its own, or by the book of certificates. Pure.
#pragma once

#include "config/model/process.h"

namespace switchyard::control {

inline bool speaks_tls(const config::Admin& admin) {
    return admin.tls.has_value() || !admin.tls_certificate.empty();
}

}  // namespace switchyard::control
