// Keys of `certificates` and of `listeners[].tls`. See field.h.
#pragma once

#include "config/field.h"
#include "config/model.h"

namespace switchyard::config {

template <class Visitor>
void describe(Visitor& field, Type<Certificate>) {
    field("chain", &Certificate::chain,
          {.doc = "PEM file: the certificate, then those that signed it.", .required = true});
    field("key", &Certificate::key, {.doc = "PEM file of its private key, without a password.", .required = true});
}

template <class Visitor>
void describe(Visitor& field, Type<ListenerTls>) {
    field("certificates", &ListenerTls::certificates,
          {.doc = "Names out of `certificates`; each answers to the host names that stand in it.", .required = true});
    field("default", &ListenerTls::by_default,
          {.doc = "Shown to clients that name no host, or one that no certificate covers; empty: the first."});
    field("strict_sni", &ListenerTls::strict_sni,
          {.doc = "Refuse a handshake for a host that no certificate covers, instead of showing the default."});
    field("min_version", &ListenerTls::min_version, {.doc = "Oldest version spoken.", .choices = {"1.2", "1.3"}});
    field("ciphers", &ListenerTls::ciphers,
          {.doc = "Ciphers of TLS 1.2, by OpenSSL's names with colons between them; empty: those of Mozilla's "
                  "intermediate profile."});
    field("handshake_timeout", &ListenerTls::handshake_timeout,
          {.doc = "From the accepted connection to the end of the handshake.", .min = 1});
}

}  // namespace switchyard::config
