// Keys of `certificates` and of `listeners[].tls`. See field.h.
#pragma once

#include "config/fields/field.h"
#include "config/model/certificate.h"
#include "config/model/listener.h"

namespace switchyard::config {

template <class Visitor>
void describe(Visitor& field, Type<AccountBinding>) {
    field("key_id", &AccountBinding::key_id, {.doc = "What the authority calls the key.", .required = true});
    field("key_file", &AccountBinding::key_file,
          {.doc = "File that holds the key as the authority gave it: base64url, on one line.", .required = true});
}

template <class Visitor>
void describe(Visitor& field, Type<Acme>) {
    field("names", &Acme::names, {.doc = "Host names that the certificate is for.", .required = true});
    field("email", &Acme::email, {.doc = "Where the authority may write to."});
    field("directory", &Acme::directory,
          {.doc = "The authority: letsencrypt, letsencrypt-staging, or the https:// URL of its directory."});
    field("ca", &Acme::ca,
          {.doc = "PEM file of whom the directory is believed by; empty: the machine's own authorities."});
    field("challenge", &Acme::challenge,
          {.doc = "How the names are proven: by a listener in clear (http-01), by one that speaks TLS (tls-alpn-01), "
                  "or by what the authority offers and a listener can answer.",
           .choices = {"any", "http-01", "tls-alpn-01"}});
    field("account", &Acme::account, {.doc = "For an authority that asks for an account of its own (EAB)."});
}

template <class Visitor>
void describe(Visitor& field, Type<Certificate>) {
    field("chain", &Certificate::chain, {.doc = "PEM file: the certificate, then those that signed it."});
    field("key", &Certificate::key, {.doc = "PEM file of its private key, without a password."});
    field("acme", &Certificate::acme, {.doc = "Instead of files: ask an authority for it, and renew it in time."});
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
    field("max_handshakes_per_second", &ListenerTls::max_handshakes_per_second,
          {.doc = "Handshakes begun in a second over all workers; the others wait for half of handshake_timeout at "
                  "most. 0: no limit."});
    field("client", &ListenerTls::client, {.doc = "Client certificates."});
    field("hosts", &ListenerTls::hosts, {.doc = "By host name, or *.suffix for one label: what is different for it."});
}

}  // namespace switchyard::config
