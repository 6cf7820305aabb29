// Keys of `upstreams`. See field.h.
#pragma once

#include "config/fields/field.h"
#include "config/fields/fields_cookie.h"
#include "config/model/discover.h"
#include "config/model/endpoint.h"
#include "config/model/health.h"
#include "config/model/upstream.h"

namespace switchyard::config {

template <class Visitor>
void describe(Visitor& field, Type<Endpoint>) {
    field("address", &Endpoint::address,
          {.doc = "Where it listens: host:port, [v6]:port or unix:/path.", .required = true});
    field("weight", &Endpoint::weight,
          {.doc = "Share of the requests among its fellows; 0: configured, but gets nothing.",
           .max = limits::kEndpointWeight});
    field("max_connections", &Endpoint::max_connections,
          {.doc = "Requests in flight to it at once, over all workers; 0: no limit.", .max = limits::kConnections});
    field("backup", &Endpoint::backup, {.doc = "Used only when no other endpoint can be."});
    field(
        "state", &Endpoint::state,
        {.doc =
             "What the operator wants: up, drain (finish what is in flight, take nothing new) or maint (out of use)."});
}

template <class Visitor>
void describe(Visitor& field, Type<DrainSigns>) {
    field("statuses", &DrainSigns::statuses,
          {.doc = "Statuses that ask for it: numbers, and \"5xx\" for all that begin so."});
    field("header", &DrainSigns::header, {.doc = "Header that asks for it, whatever its value; empty: none."});
}

template <class Visitor>
void describe(Visitor& field, Type<Health>) {
    field("type", &Health::type, {.doc = "How endpoints are checked; none: they count as up at once."});
    field("path", &Health::path, {.doc = "http: path of the check."});
    field("host", &Health::host, {.doc = "http, grpc: Host header of the check; empty: the endpoint's address."});
    field("service", &Health::service,
          {.doc = "grpc: the service that grpc.health.v1.Health is asked about; empty: the server as a whole."});
    field("check", &Health::check, {.doc = "exec: which program of process.checks looks at the endpoint."});
    field("method", &Health::method,
          {.doc = "http: method of the check.", .choices = {"GET", "HEAD", "OPTIONS", "POST"}});
    field("headers", &Health::headers, {.doc = "http: headers that the check sends besides its own."});
    field(
        "body_matches", &Health::body_matches,
        {.doc =
             "http: regular expression (RE2) that the body of a healthy answer matches, of 64 KiB at most; empty: the "
             "body is not looked at."});
    field("port", &Health::port, {.doc = "Where the check goes instead of the endpoint's own port; 0: there."});
    field("expect", &Health::expect,
          {.doc = "http: statuses that count as healthy: numbers, and \"2xx\" for all that begin so."});
    field("interval", &Health::interval, {.doc = "From one check to the next.", .min = 10});
    field("timeout", &Health::timeout, {.doc = "When a check without an answer counts as failed.", .min = 1});
    field("rise", &Health::rise, {.doc = "Good checks in a row until up.", .min = 1, .max = limits::kHealthCount});
    field("fall", &Health::fall, {.doc = "Failed checks in a row until down.", .min = 1, .max = limits::kHealthCount});
    field(
        "grace", &Health::grace,
        {.doc =
             "How long a new endpoint may take to start: until then failed checks make no verdict, and the first good "
             "one brings it up; 0s: none."});
    field("drain", &Health::drain,
          {.doc = "http: answers by which an endpoint asks for no new requests; it is up, and what it has goes on."});
}

template <class Visitor>
void describe(Visitor& field, Type<Ejection>) {
    field("consecutive_failures", &Ejection::consecutive_failures,
          {.doc = "Failed requests in a row that take an endpoint out; 0: off.", .max = limits::kRequests});
    field("failure_percent", &Ejection::failure_percent,
          {.doc = "Share of failed requests over `window` that takes an endpoint out; 0: off.", .max = 100});
    field(
        "min_requests", &Ejection::min_requests,
        {.doc = "Requests in `window` below which failure_percent says nothing.", .min = 1, .max = limits::kRequests});
    field("window", &Ejection::window, {.doc = "Time over which failure_percent is counted.", .min = 100});
    field("base_time", &Ejection::base_time, {.doc = "Time out, times the number of ejections so far.", .min = 1});
    field("max_time", &Ejection::max_time, {.doc = "Longest time out.", .min = 1});
    field("max_ejected_percent", &Ejection::max_ejected_percent,
          {.doc = "Share of an upstream's endpoints that may be out at once; of two or more, one always may.",
           .max = 100});
    field("panic_percent", &Ejection::panic_percent,
          {.doc = "When fewer endpoints than this are usable, ejections are ignored; 0: off.", .max = 100});
}

template <class Visitor>
void describe(Visitor& field, Type<UpstreamTimeouts>) {
    field("connect", &UpstreamTimeouts::connect, {.doc = "To open a connection.", .min = 1});
    field("response_head", &UpstreamTimeouts::response_head,
          {.doc = "From the end of the request to the end of the response head.", .min = 1});
    field("idle", &UpstreamTimeouts::idle,
          {.doc = "Without a byte in either direction while a body or a tunnel is open.", .min = 1});
    field("queue", &UpstreamTimeouts::queue,
          {.doc = "Waiting for a free place when every endpoint is at max_connections.", .min = 1});
}

template <class Visitor>
void describe(Visitor& field, Type<Keepalive>) {
    field("max_idle", &Keepalive::max_idle,
          {.doc = "Idle connections kept per endpoint and worker; 0: none.", .max = limits::kConnections});
    field("idle_timeout", &Keepalive::idle_timeout, {.doc = "How long an idle connection is kept.", .min = 1});
}

template <class Visitor>
void describe(Visitor& field, Type<Breaker>) {
    field("failure_percent", &Breaker::failure_percent,
          {.doc = "Share of failed requests over `window` that opens the breaker; 0: failures do not.", .max = 100});
    field("slow_percent", &Breaker::slow_percent,
          {.doc = "Share of requests over `window` slower than slow_over that opens it too; 0: slowness does not.",
           .max = 100});
    field("slow_over", &Breaker::slow_over,
          {.doc = "From the end of the request to the head of its answer: what takes longer is slow."});
    field("min_requests", &Breaker::min_requests,
          {.doc = "Requests in `window` below which neither share says anything.", .min = 1, .max = limits::kRequests});
    field("window", &Breaker::window, {.doc = "Time over which they are counted.", .min = 100});
    field("open_time", &Breaker::open_time, {.doc = "How long it stays open before it lets a request try.", .min = 1});
    field("fallback", &Breaker::fallback, {.doc = "Upstream that serves meanwhile; empty: static_status is answered."});
    field("static_status", &Breaker::static_status,
          {.doc = "Status that is answered meanwhile without a fallback.", .min = 200, .max = 599});
    field("static_body", &Breaker::static_body, {.doc = "Body of that answer."});
}

template <class Visitor>
void describe(Visitor& field, Type<StickySession>) {
    field("cookie", &StickySession::cookie, {.doc = "Name of the cookie that is set; empty: off."});
    field("attributes", &StickySession::attributes, {.doc = "Of that cookie."});
}

template <class Visitor>
void describe(Visitor& field, Type<DiscoverFile>) {
    field("path", &DiscoverFile::path, {.doc = "A JSON list of addresses, or of objects.", .required = true});
}

template <class Visitor>
void describe(Visitor& field, Type<DiscoverDns>) {
    field("name", &DiscoverDns::name, {.doc = "Whose A and AAAA records are asked for.", .required = true});
    field("port", &DiscoverDns::port, {.doc = "Where the addresses listen.", .required = true, .min = 1});
    field("family", &DiscoverDns::family, {.doc = "Which records count.", .choices = {"any", "ipv4", "ipv6"}});
}

template <class Visitor>
void describe(Visitor& field, Type<DiscoverSrv>) {
    field("name", &DiscoverSrv::name, {.doc = "Such as _http._tcp.app.internal.", .required = true});
}

template <class Visitor>
void describe(Visitor& field, Type<DiscoverEtcd>) {
    field("prefix", &DiscoverEtcd::prefix, {.doc = "Each key below it is one endpoint.", .required = true});
}

template <class Visitor>
void describe(Visitor& field, Type<DiscoverConsul>) {
    field("service", &DiscoverConsul::service, {.doc = "Name of the service.", .required = true});
    field("tags", &DiscoverConsul::tags, {.doc = "All of which an instance must have."});
    field("datacenter", &DiscoverConsul::datacenter, {.doc = "Where it is asked for; empty: the agent's own."});
}

template <class Visitor>
void describe(Visitor& field, Type<DiscoverKubernetes>) {
    field("namespace", &DiscoverKubernetes::name_space, {.doc = "Namespace of the service.", .required = true});
    field("service", &DiscoverKubernetes::service, {.doc = "Name of the service.", .required = true});
    field("port", &DiscoverKubernetes::port, {.doc = "Its name, or its number; empty: the only one."});
}

template <class Visitor>
void describe(Visitor& field, Type<Discover>) {
    field("file", &Discover::file, {.doc = "A file that some program writes."});
    field("dns", &Discover::dns, {.doc = "Addresses of a name."});
    field("srv", &Discover::srv, {.doc = "SRV records, with ports, weights and backups."});
    field("etcd", &Discover::etcd, {.doc = "Keys below a prefix."});
    field("consul", &Discover::consul, {.doc = "Instances of a service in Consul."});
    field("kubernetes", &Discover::kubernetes, {.doc = "EndpointSlices of a service."});
}

template <class Visitor>
void describe(Visitor& field, Type<Discovery>) {
    field("hold", &Discovery::hold,
          {.doc = "How long an endpoint that is not named any more stays while it is healthy."});
    field("min_ttl", &Discovery::min_ttl, {.doc = "dns, srv: asked no more often than this.", .min = 100});
    field("max_ttl", &Discovery::max_ttl, {.doc = "dns, srv: asked no less often than this.", .min = 100});
    field("max_removed_percent", &Discovery::max_removed_percent,
          {.doc = "Removing more than this share of three or more endpoints at once must be confirmed.", .max = 100});
    field("confirm_after", &Discovery::confirm_after,
          {.doc = "How long a mass removal, or an empty answer, must stand before it is believed."});
    field("allow_empty", &Discovery::allow_empty, {.doc = "Whether an empty answer can be meant."});
    field(
        "allow", &Discovery::allow,
        {.doc = "Address blocks (CIDR) that are taken, and no others; none: all but loopback, link-local, multicast."});
    field("max_endpoints", &Discovery::max_endpoints,
          {.doc = "An answer with more than this is refused.", .min = 1, .max = limits::kDiscovered});
}

template <class Visitor>
void describe(Visitor& field, Type<EndpointOverride>) {
    field("state", &EndpointOverride::state, {.doc = "What the operator wants: up, drain or maint."});
    field("weight", &EndpointOverride::weight,
          {.doc = "In place of the source's; 0: gets nothing.", .max = limits::kEndpointWeight});
}

template <class Visitor>
void describe(Visitor& field, Type<UpstreamTls>) {
    field("verify", &UpstreamTls::verify,
          {.doc = "Refuse endpoints whose certificate is not signed by a known authority, not for them, or over."});
    field("ca", &UpstreamTls::ca, {.doc = "PEM file of the authorities that sign them; empty: the machine's own."});
    field("server_name", &UpstreamTls::server_name,
          {.doc = "The name that they are asked for (SNI) and that their certificate must have; empty: the host of the "
                  "endpoint's address."});
    field("certificate", &UpstreamTls::certificate,
          {.doc = "Name out of `certificates` that is shown to endpoints that ask; empty: none."});
    field("min_version", &UpstreamTls::min_version, {.doc = "Oldest version spoken.", .choices = {"1.2", "1.3"}});
    field("lenient_close", &UpstreamTls::lenient_close,
          {.doc = "Take the end of a connection for the end of a body without a length, though TLS's own end is "
                  "missing: for old servers."});
}

template <class Visitor>
void describe(Visitor& field, Type<Upstream>) {
    field("endpoints", &Upstream::endpoints, {.doc = "The addresses that serve; may be empty.", .required = true});
    field("discover", &Upstream::discover, {.doc = "Where more endpoints are found."});
    field("discovery", &Upstream::discovery, {.doc = "How far that source is believed."});
    field("endpoint_overrides", &Upstream::endpoint_overrides,
          {.doc = "By address: what the operator wants of discovered endpoints."});
    field("balance", &Upstream::balance, {.doc = "How the endpoint of a request is chosen."});
    field("health", &Upstream::health, {.doc = "Active checks."});
    field("ejection", &Upstream::ejection, {.doc = "Taking out endpoints that fail real requests."});
    field("timeouts", &Upstream::timeouts, {.doc = "How long endpoints may take."});
    field("keepalive", &Upstream::keepalive, {.doc = "Connections that are kept for reuse."});
    field("breaker", &Upstream::breaker, {.doc = "Stop asking an upstream that mostly fails."});
    field("sticky_session", &Upstream::sticky_session, {.doc = "Keep a client on one endpoint by a cookie."});
    field("slow_start", &Upstream::slow_start,
          {.doc = "Time over which an endpoint that came back grows to its full weight; 0s: off."});
    field("when_all_down", &Upstream::when_all_down,
          {.doc = "No endpoint is up: fail, or try_all – ask them all the same, where no other upstream stands in."});
    field("queue_limit", &Upstream::queue_limit,
          {.doc = "Requests that may wait for a free endpoint; 0: none waits.", .max = limits::kQueue});
    field("send_proxy_protocol", &Upstream::send_proxy_protocol,
          {.doc = "PROXY protocol version sent to endpoints, by health checks too; 0: none.", .max = 2});
    field("tls", &Upstream::tls, {.doc = "Speak TLS to endpoints; without it, plain HTTP."});
    field("protocol", &Upstream::protocol,
          {.doc = "What endpoints are spoken to in; auto: what they choose when TLS begins (ALPN)."});
}

}  // namespace switchyard::config
