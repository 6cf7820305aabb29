// Keys of `certificates` and of `listeners[].tls`. See field.h.
#pragma once

#include "config/fields/field.h"
#include "config/model/certificate.h"
#include "config/model/listener.h"

namespace switchyard::config {

template <class Visitor>
void describe(Visitor& field, Type<Certificate>) {
    field("chain", &Certificate::chain,
          {.doc = "PEM file: the certificate, then those that signed it.", .required = true});
    field("key", &Certificate::key, {.doc = "PEM file of its private key, without a password.", .required = true});
}

template <class Visitor>
void describe(Visitor& field, Type<ClientCertificates>) {
    field("mode", &ClientCertificates::mode,
          {.doc = "Whether clients are asked for a certificate, and let in without a good one.",
           .choices = {"none", "optional", "required"}});
    field("ca", &ClientCertificates::ca, {.doc = "PEM file of the authorities that sign clients."});
    field("crl", &ClientCertificates::crl,
          {.doc = "PEM file with their lists of revoked certificates; empty: nothing is revoked."});
    field("depth", &ClientCertificates::depth,
          {.doc = "How many certificates may stand between a client's and an authority's.",
           .max = limits::kCertificateDepth});
    field("forward", &ClientCertificates::forward,
          {.doc = "Send a client's verified certificate to endpoints as Client-Cert (RFC 9440)."});
}

template <class Visitor>
void describe(Visitor& field, Type<HostTls>) {
    field("client", &HostTls::client, {.doc = "Client certificates for this host."});
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
    field("client", &ListenerTls::client, {.doc = "Client certificates."});
    field("hosts", &ListenerTls::hosts, {.doc = "By host name, or *.suffix for one label: what is different for it."});
}

}  // namespace switchyard::config
