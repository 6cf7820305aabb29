#include "control/net/tls_client.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>

namespace switchyard::control::net {
namespace {

namespace ssl = boost::asio::ssl;
using Error = boost::system::error_code;

std::string reading(const std::string& file, const Error& error) {
    return fmt::format("reading {}: {}", file, error.message());
}

}  // namespace

std::shared_ptr<ssl::context> make_tls_client_context(const TlsClientSettings& settings, std::string* why) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    Error error;
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    context->set_verify_mode(settings.verify ? ssl::verify_peer : ssl::verify_none, error);
    if (settings.verify) {
        if (settings.ca_file.empty())
            context->set_default_verify_paths(error);
        else
            context->load_verify_file(settings.ca_file, error);
        if (error) {
            *why = reading(settings.ca_file.empty() ? "the machine's authorities" : settings.ca_file, error);
            return nullptr;
        }
    }
    if (settings.chain_file.empty()) return context;
    context->use_certificate_chain_file(settings.chain_file, error);
    if (error) {
        *why = reading(settings.chain_file, error);
        return nullptr;
    }
    // OpenSSL would ask for a password on the terminal.
    SSL_CTX_set_default_passwd_cb(context->native_handle(), [](char*, int, int, void*) { return 0; });
    context->use_private_key_file(settings.key_file, ssl::context::pem, error);
    if (error) {
        *why = reading(settings.key_file, error);
        return nullptr;
    }
    return context;
}

void aim(SSL* ssl, const TlsClientSettings& settings, const std::string& host) {
    const auto& name = settings.server_name.empty() ? host : settings.server_name;
    Error no_address;
    boost::asio::ip::make_address(name, no_address);
    auto* param = SSL_get0_param(ssl);
    if (!no_address) {
        X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str());
        return;
    }
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(param, name.c_str(), name.size());
    SSL_set_tlsext_host_name(ssl, name.c_str());
}

HandshakeTrouble tls_trouble(SSL* ssl, const Error& error) {
    const long verdict = SSL_get_verify_result(ssl);
    if (error.category() == boost::asio::error::get_ssl_category() && verdict != X509_V_OK &&
        ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return {fmt::format("its certificate is not trusted: {}", X509_verify_cert_error_string(verdict)), true};
    return {error.message(), false};
}

}  // namespace switchyard::control::net
