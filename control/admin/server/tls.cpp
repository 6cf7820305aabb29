#include "control/admin/server/tls.h"

#include <fmt/format.h>

#include <boost/asio/ssl.hpp>

namespace switchyard::control {

Result<std::shared_ptr<boost::asio::ssl::context>> admin_tls(const std::string& certificate, const std::string& key) {
    namespace ssl = boost::asio::ssl;
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                         ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    boost::system::error_code ec;
    context->use_certificate_chain_file(certificate, ec);
    if (ec)
        return problems::invalid({config::Error{"/process/admin/tls_certificate",
                                                fmt::format("{} cannot be used: {}", certificate, ec.message())}});
    context->use_private_key_file(key, ssl::context::pem, ec);
    if (ec)
        return problems::invalid(
            {config::Error{"/process/admin/tls_key", fmt::format("{} cannot be used: {}", key, ec.message())}});
    return context;
}

}  // namespace switchyard::control
