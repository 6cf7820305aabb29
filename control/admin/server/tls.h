// The TLS side of the admin API: a context from a certificate and its key, both PEM files.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "control/base/result.h"

namespace switchyard::control {

Result<std::shared_ptr<boost::asio::ssl::context>> admin_tls(const std::string& certificate, const std::string& key);

}  // namespace switchyard::control
