// Keys of `process` and of `listeners`. See field.h.
#pragma once

#include "config/fields/field.h"
#include "config/fields/fields_access.h"
#include "config/fields/fields_tls.h"
#include "config/model/listener.h"
#include "config/model/process.h"
#include "config/model/sources.h"

namespace switchyard::config {

template <class Visitor>
void describe(Visitor& field, Type<Token>) {
    field("name", &Token::name, {.doc = "Who holds the token; shown in the audit.", .required = true});
    field("role", &Token::role,
          {.doc = "What it may do: viewer reads, operator moves traffic, admin does everything.", .required = true});
    field("sha256", &Token::sha256,
          {.doc = "SHA-256 of the token, 64 hex digits; the token itself is never stored.", .required = true});
}

template <class Visitor>
void describe(Visitor& field, Type<AdminTls>) {
    field("certificates", &AdminTls::certificates, {.doc = "Names out of `certificates`.", .required = true});
    field("default", &AdminTls::by_default,
          {.doc = "Shown to clients that name no host, or one that no certificate covers; empty: the first."});
    field("min_version", &AdminTls::min_version, {.doc = "Oldest version spoken.", .choices = {"1.2", "1.3"}});
    field("client", &AdminTls::client, {.doc = "Client certificates."});
}

template <class Visitor>
void describe(Visitor& field, Type<AdminClient>) {
    field("uri", &AdminClient::uri, {.doc = "URI among the alternative names of its certificate, as SPIFFE has it."});
    field("dns", &AdminClient::dns, {.doc = "Host name among them."});
    field("fingerprint", &AdminClient::fingerprint, {.doc = "SHA-256 of the certificate, 64 hex digits."});
    field("role", &AdminClient::role,
          {.doc = "What it may do: viewer reads, operator moves traffic, admin does everything.", .required = true});
}

template <class Visitor>
void describe(Visitor& field, Type<Admin>) {
    field("bind", &Admin::bind, {.doc = "Where the admin API listens; beyond loopback only with tokens."});
    field(
        "tokens", &Admin::tokens,
        {.doc = "Tokens that are accepted. Without any, one random admin token is made in admin.token of state_dir."});
    field("tls_certificate", &Admin::tls_certificate, {.doc = "PEM file of the certificate chain; with tls_key."});
    field("tls_key", &Admin::tls_key, {.doc = "PEM file of the private key; with tls_certificate."});
    field("tls", &Admin::tls,
          {.doc = "TLS as listeners speak it, with certificates out of `certificates`; instead of tls_certificate."});
    field("clients", &Admin::clients, {.doc = "Who may call by a client certificate; needs tls.client."});
    field("rollout_urls", &Admin::rollout_urls,
          {.doc = "What checks and webhooks of rollouts may ask besides loopback and the endpoints: starts of URLs."});
    field("rollout_ca_file", &Admin::rollout_ca_file,
          {.doc = "PEM file of whom checks and webhooks believe by https; empty: the machine's own."});
    field("rollout_certificate", &Admin::rollout_certificate,
          {.doc = "PEM file of the certificate chain that checks and webhooks show by https; with rollout_key."});
    field("rollout_key", &Admin::rollout_key, {.doc = "PEM file of its private key; with rollout_certificate."});
}

template <class Visitor>
void describe(Visitor& field, Type<Log>) {
    field("level", &Log::level,
          {.doc = "Least severe level that is written.", .choices = {"debug", "info", "warn", "error"}});
    field("format", &Log::format, {.doc = "Shape of a line.", .choices = {"json", "text"}});
    field("access", &Log::access, {.doc = "Access log: a file path, \"-\" for standard output, empty for none."});
}

template <class Visitor>
void describe(Visitor& field, Type<Resolver>) {
    field("servers", &Resolver::servers,
          {.doc = "Name servers: addresses, with a port where it is not 53. None: those of /etc/resolv.conf."});
    field("timeout", &Resolver::timeout,
          {.doc = "How long a server has to answer; twice as long the second time it is asked.",
           .min = 10,
           .max = limits::kResolverTimeout});
    field("attempts", &Resolver::attempts,
          {.doc = "How often each server is asked before a look-up has failed.",
           .min = 1,
           .max = limits::kResolverAttempts});
}

template <class Visitor>
void describe(Visitor& field, Type<ConsulServer>) {
    field("url", &ConsulServer::url, {.doc = "Of an agent, or of a server: http:// or https://."});
    field("token", &ConsulServer::token, {.doc = "ACL token that may read the services."});
    field("ca_file", &ConsulServer::ca_file, {.doc = "PEM file of whom https is believed; empty: the machine's own."});
}

template <class Visitor>
void describe(Visitor& field, Type<EtcdServers>) {
    field("urls", &EtcdServers::urls, {.doc = "Of the members: http:// or https://, tried in turn."});
    field("user", &EtcdServers::user, {.doc = "Who may read the prefixes; empty: nobody is asked for."});
    field("password", &EtcdServers::password, {.doc = "Of the user."});
    field("ca_file", &EtcdServers::ca_file, {.doc = "PEM file of whom https is believed; empty: the machine's own."});
}

template <class Visitor>
void describe(Visitor& field, Type<KubernetesApi>) {
    field("url", &KubernetesApi::url, {.doc = "Of the API server; empty: that of the cluster in which this runs."});
    field("token_file", &KubernetesApi::token_file, {.doc = "Read again for every call: such tokens are exchanged."});
    field("ca_file", &KubernetesApi::ca_file, {.doc = "PEM file of whom https is believed."});
}

template <class Visitor>
void describe(Visitor& field, Type<Sources>) {
    field("consul", &Sources::consul, {.doc = "Consul."});
    field("etcd", &Sources::etcd, {.doc = "etcd 3.4 or newer, by its JSON gateway."});
    field("kubernetes", &Sources::kubernetes, {.doc = "Kubernetes' API server."});
}

template <class Visitor>
void describe(Visitor& field, Type<Process>) {
    field("workers", &Process::workers, {.doc = "Worker threads; 0: one per core.", .max = limits::kWorkers});
    field("state_dir", &Process::state_dir,
          {.doc = "Folder for generations, audit, rollout journal and the admin token."});
    field("admin", &Process::admin, {.doc = "The admin API."});
    field("log", &Process::log, {.doc = "Logs."});
    field("resolver", &Process::resolver, {.doc = "How the names of endpoints are looked up."});
    field("sources", &Process::sources, {.doc = "Where registries of endpoints are reached."});
    field(
        "checks", &Process::checks,
        {.doc = "Programs that health checks may run, each with its arguments; an upstream names one (health.check)."});
    field("shutdown_grace", &Process::shutdown_grace, {.doc = "How long SIGTERM waits for what is in flight."});
    field("keep_generations", &Process::keep_generations,
          {.doc = "How many generations of history are kept; 0: all.", .max = limits::kGenerations});
    field("keep_rollouts", &Process::keep_rollouts,
          {.doc = "How many ended rollouts are kept, each with its report; 0: all. The latest of a route always is.",
           .max = limits::kRollouts});
    field("watch_file", &Process::watch_file, {.doc = "Re-read the configuration file when it changes."});
}

template <class Visitor>
void describe(Visitor& field, Type<Listener>) {
    field("name", &Listener::name, {.doc = "Name of the listener.", .required = true});
    field("bind", &Listener::bind, {.doc = "Address to accept on; port 0 lets the kernel choose.", .required = true});
    field("max_connections", &Listener::max_connections,
          {.doc = "Connections open at once, over all workers; 0: no limit.", .max = limits::kConnections});
    field("max_connections_per_client", &Listener::max_connections_per_client,
          {.doc = "Connections open at once of one client address (IPv6: one /64), over all workers; those of "
                  "trusted_proxies are not counted. 0: no limit.",
           .max = limits::kConnections});
    field("proxy_protocol", &Listener::proxy_protocol,
          {.doc = "Expect PROXY protocol v1 or v2 before the first request."});
    field("proxy_protocol_from", &Listener::proxy_protocol_from,
          {.doc = "Peers whose PROXY header is taken: address blocks (CIDR), and \"unix\"; empty: every peer's."});
    field(
        "proxy_protocol_optional", &Listener::proxy_protocol_optional,
        {.doc = "Peers in proxy_protocol_from may leave the header out: their connections then speak for themselves."});
    field(
        "proxy_protocol_others", &Listener::proxy_protocol_others,
        {.doc =
             "What becomes of peers that are not in proxy_protocol_from: refuse closes their connections, plain takes "
             "them as clients themselves, and no PROXY header from them.",
         .choices = {"refuse", "plain"}});
    field("trusted_proxies", &Listener::trusted_proxies,
          {.doc = "Whose X-Forwarded-… and X-Request-Id are believed: address blocks (CIDR), and \"unix\" for whoever "
                  "comes by a unix socket."});
    field("access", &Listener::access, {.doc = "Which clients are let in."});
    field("client_header", &Listener::client_header,
          {.doc = "Header in which they name the client, such as X-Real-IP; empty: X-Forwarded-For, else Forwarded."});
    field("max_head", &Listener::max_head,
          {.doc = "Largest head of a request, in HTTP/2 as HTTP/1.1 would write it; a larger one is answered 431.",
           .bytes = true,
           .min = limits::kLeastHead,
           .max = limits::kHead});
    field("max_fields", &Listener::max_fields,
          {.doc = "Most header fields of a request; more are answered 431.",
           .min = limits::kLeastFields,
           .max = limits::kFields});
    field("head_timeout", &Listener::head_timeout,
          {.doc = "From the first byte of a request to the end of its head.", .min = 1});
    field("idle_timeout", &Listener::idle_timeout,
          {.doc = "How long a connection may wait for its next request.", .min = 1});
    field("min_rate", &Listener::min_rate,
          {.doc = "Bytes per second below which a slow sender or reader is cut off; 0: off.", .bytes = true});
    field("forwarded", &Listener::forwarded, {.doc = "Also write the Forwarded header of RFC 7239."});
    field("cdn_loop", &Listener::cdn_loop,
          {.doc = "Our name in CDN-Loop (RFC 8586): each request gets it, and one that has it already is answered 508; "
                  "empty: off."});
    field("tls", &Listener::tls, {.doc = "Speak TLS; without it, plain HTTP."});
    field("protocols", &Listener::protocols,
          {.doc = "What is spoken; empty: both with TLS, where the client chooses, and http/1.1 without it, where a "
                  "client of h2 has to know.",
           .choices = {"http/1.1", "h2"}});
    field("redirect_https", &Listener::redirect_https,
          {.doc = "Answer every request with 308 to https:// with the same host and target."});
    field(
        "acme_challenges", &Listener::acme_challenges,
        {.doc = "Folder in which certbot, lego or dehydrated put what /.well-known/acme-challenge/ is answered with."});
}

}  // namespace switchyard::config
