// Keys of `upstreams`. See field.h.
#pragma once

#include "config/field.h"
#include "config/model.h"

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
void describe(Visitor& field, Type<Health>) {
    field("type", &Health::type, {.doc = "How endpoints are checked; none: they count as up at once."});
    field("path", &Health::path, {.doc = "http: path of the check."});
    field("host", &Health::host, {.doc = "http: Host header of the check; empty: the endpoint's address."});
    field("expect", &Health::expect, {.doc = "http: status codes that count as healthy.", .min = 100, .max = 599});
    field("interval", &Health::interval, {.doc = "From one check to the next.", .min = 10});
    field("timeout", &Health::timeout, {.doc = "When a check without an answer counts as failed.", .min = 1});
    field("rise", &Health::rise, {.doc = "Good checks in a row until up.", .min = 1, .max = limits::kHealthCount});
    field("fall", &Health::fall, {.doc = "Failed checks in a row until down.", .min = 1, .max = limits::kHealthCount});
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
          {.doc = "Share of failed requests over `window` that opens the breaker; 0: off.", .max = 100});
    field(
        "min_requests", &Breaker::min_requests,
        {.doc = "Requests in `window` below which failure_percent says nothing.", .min = 1, .max = limits::kRequests});
    field("window", &Breaker::window, {.doc = "Time over which failure_percent is counted.", .min = 100});
    field("open_time", &Breaker::open_time, {.doc = "How long it stays open before it lets a request try.", .min = 1});
    field("fallback", &Breaker::fallback, {.doc = "Upstream that serves meanwhile; empty: static_status is answered."});
    field("static_status", &Breaker::static_status,
          {.doc = "Status that is answered meanwhile without a fallback.", .min = 200, .max = 599});
    field("static_body", &Breaker::static_body, {.doc = "Body of that answer."});
}

template <class Visitor>
void describe(Visitor& field, Type<StickySession>) {
    field("cookie", &StickySession::cookie, {.doc = "Name of the cookie that is set; empty: off."});
}

template <class Visitor>
void describe(Visitor& field, Type<Upstream>) {
    field("endpoints", &Upstream::endpoints, {.doc = "The addresses that serve; may be empty.", .required = true});
    field("balance", &Upstream::balance, {.doc = "How the endpoint of a request is chosen."});
    field("health", &Upstream::health, {.doc = "Active checks."});
    field("ejection", &Upstream::ejection, {.doc = "Taking out endpoints that fail real requests."});
    field("timeouts", &Upstream::timeouts, {.doc = "How long endpoints may take."});
    field("keepalive", &Upstream::keepalive, {.doc = "Connections that are kept for reuse."});
    field("breaker", &Upstream::breaker, {.doc = "Stop asking an upstream that mostly fails."});
    field("sticky_session", &Upstream::sticky_session, {.doc = "Keep a client on one endpoint by a cookie."});
    field("slow_start", &Upstream::slow_start,
          {.doc = "Time over which an endpoint that came back grows to its full weight; 0s: off."});
    field("queue_limit", &Upstream::queue_limit,
          {.doc = "Requests that may wait for a free endpoint; 0: none waits.", .max = limits::kQueue});
    field("send_proxy_protocol", &Upstream::send_proxy_protocol,
          {.doc = "PROXY protocol version sent to endpoints, by health checks too; 0: none.", .max = 2});
}

}  // namespace switchyard::config
