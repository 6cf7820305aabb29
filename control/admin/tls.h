// The TLS side of the admin API: a context from a certificate and its key, both PEM files.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "config/model/process.h"
#include "control/base/result.h"

namespace switchyard::control {

// By files of its own, or by the book of certificates.
inline bool speaks_tls(const config::Admin& admin) {
    return admin.tls.has_value() || !admin.tls_certificate.empty();
}

Result<std::shared_ptr<boost::asio::ssl::context>> admin_tls(const std::string& certificate, const std::string& key);

}  // namespace switchyard::control
