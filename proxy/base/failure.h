// Everything that can go wrong with an exchange, in ONE table: the status the client gets, the word in the access log,
// whether the endpoint is to blame, and whether another attempt may save the request.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace switchyard {

enum class Failure : std::uint8_t {
    none,
    bad_request,  // malformed or ambiguous
    target_too_long,
    head_too_large,
    bad_version,
    bad_expectation,
    unknown_coding,  // of the request's body
    loop,            // it has come by here too often
    head_timeout,    // the client did not finish its head
    body_timeout,    // the client stopped sending its body
    body_too_large,
    client_closed,  // the client left before the end
    client_slow,    // the client reads slower than the limit
    no_route,
    misdirected,  // the host asks its clients for other certificates than this connection was asked for
    not_allowed,  // CONNECT where no route allows it
    rate_limited,
    route_full,    // the route's limit on requests in flight
    held,          // the route is held, and as many wait as may, or the proxy ends
    denied,        // by its address, or by a rule
    rule_refused,  // the rule that it comes to cannot be judged by this version
    no_endpoint,   // none of the upstream is routable
    overflow,      // all endpoints at max_connections and the queue full or too slow
    breaker_open,
    connect_failed,
    shortage,  // of descriptors, ports or memory, here: not a byte was sent, and the endpoint has no part in it
    connect_timeout,
    tls_failed,        // the endpoint and this side could not agree; not a byte of the request was sent
    tls_untrusted,     // the endpoint's certificate does not verify: a mistake in a configuration, or an attack
    reused_closed,     // a kept connection was closed by the endpoint before it answered anything
    reused_unread,     // as before, and its kernel had not taken one byte of the request: it cannot have been read
    reused_reset,      // as before, but the whole request had gone out: it may have been read, and was not answered
    refused_stream,    // the endpoint refused the request again and again, and has not looked at it (HTTP/2)
    reset,             // the endpoint cut the connection before its head was complete
    response_timeout,  // no head in time
    bad_response,
    truncated,        // cut within the body
    body_idle,        // no byte of the body in time
    request_timeout,  // the whole exchange took too long
    drained,          // the deadline of a drain whose policy is to cut
    internal,
};
inline constexpr std::size_t kFailures = static_cast<std::size_t>(Failure::internal) + 1;

enum class Source : std::uint8_t { none, downstream, upstream, internal };
// When may the request be sent to another endpoint?
enum class Retry : std::uint8_t {
    never,
    nothing_sent,   // always: the endpoint has not seen a byte of it
    if_idempotent,  // the endpoint may have acted on it
};

struct FailureTraits {
    Failure failure;
    std::uint16_t status;   // 0: no answer is possible or due
    std::string_view flag;  // the word in the access log (`flag`)
    Source source;
    Retry retry;
    bool blames_endpoint;
    std::string_view detail;  // what the client is told
};

inline constexpr std::array<FailureTraits, kFailures> kFailureTable{{
    {Failure::none, 0, "", Source::none, Retry::never, false, ""},
    {Failure::bad_request, 400, "bad_request", Source::downstream, Retry::never, false,
     "the request is malformed or ambiguous"},
    {Failure::target_too_long, 414, "bad_request", Source::downstream, Retry::never, false,
     "the request line is too long"},
    {Failure::head_too_large, 431, "bad_request", Source::downstream, Retry::never, false,
     "the request head is too large"},
    {Failure::bad_version, 505, "bad_request", Source::downstream, Retry::never, false,
     "only HTTP/1.0 and HTTP/1.1 are spoken here"},
    {Failure::bad_expectation, 417, "bad_request", Source::downstream, Retry::never, false,
     "only 100-continue can be expected"},
    {Failure::unknown_coding, 501, "bad_request", Source::downstream, Retry::never, false,
     "of the transfer codings only chunked is spoken here"},
    {Failure::loop, 508, "loop", Source::downstream, Retry::never, false,
     "the request has come by here too often: its route leads back to this proxy"},
    {Failure::head_timeout, 408, "timeout", Source::downstream, Retry::never, false, "the request head took too long"},
    {Failure::body_timeout, 408, "timeout", Source::downstream, Retry::never, false, "the request body took too long"},
    {Failure::body_too_large, 413, "bad_request", Source::downstream, Retry::never, false,
     "the request body is larger than this route allows"},
    {Failure::client_closed, 0, "client_closed", Source::downstream, Retry::never, false, ""},
    {Failure::client_slow, 0, "timeout", Source::downstream, Retry::never, false, ""},
    {Failure::no_route, 404, "no_route", Source::downstream, Retry::never, false, "no route matches this request"},
    {Failure::misdirected, 421, "misdirected", Source::downstream, Retry::never, false,
     "this host is asked for on a connection of its own"},
    {Failure::not_allowed, 405, "bad_request", Source::downstream, Retry::never, false,
     "this method is not allowed here"},
    {Failure::rate_limited, 429, "overflow", Source::downstream, Retry::never, false, "too many requests; slow down"},
    {Failure::route_full, 503, "overflow", Source::internal, Retry::never, false,
     "this route is at its limit of requests in flight"},
    {Failure::held, 503, "held", Source::internal, Retry::never, false, "this route is held for a while; try again"},
    {Failure::denied, 403, "denied", Source::downstream, Retry::never, false, "access is denied here"},
    {Failure::rule_refused, 503, "internal", Source::internal, Retry::never, false,
     "a rule of this route is beyond this version"},
    {Failure::no_endpoint, 503, "no_endpoint", Source::upstream, Retry::never, false,
     "no endpoint of the upstream is available"},
    {Failure::overflow, 503, "overflow", Source::upstream, Retry::never, false,
     "every endpoint of the upstream is busy"},
    {Failure::breaker_open, 503, "overflow", Source::upstream, Retry::never, false,
     "the upstream is resting after failures"},
    {Failure::connect_failed, 502, "connect_failed", Source::upstream, Retry::nothing_sent, true,
     "the endpoint refused the connection"},
    {Failure::shortage, 503, "shortage", Source::internal, Retry::nothing_sent, false,
     "the proxy is short of connections; try again"},
    {Failure::connect_timeout, 504, "timeout", Source::upstream, Retry::nothing_sent, true,
     "the endpoint did not accept the connection in time"},
    {Failure::tls_failed, 502, "tls_failed", Source::upstream, Retry::nothing_sent, true,
     "the TLS handshake with the endpoint failed"},
    {Failure::tls_untrusted, 502, "tls_untrusted", Source::upstream, Retry::nothing_sent, true,
     "the endpoint's certificate is not to be trusted"},
    {Failure::reused_closed, 502, "reset", Source::upstream, Retry::if_idempotent, false,
     "the endpoint closed the connection"},
    {Failure::reused_unread, 502, "reset", Source::upstream, Retry::nothing_sent, false,
     "the endpoint closed the connection"},
    {Failure::reused_reset, 502, "reset", Source::upstream, Retry::if_idempotent, true,
     "the endpoint closed the connection"},
    {Failure::refused_stream, 502, "reset", Source::upstream, Retry::nothing_sent, false,
     "the endpoint took no more requests"},
    {Failure::reset, 502, "reset", Source::upstream, Retry::if_idempotent, true, "the endpoint cut the connection"},
    {Failure::response_timeout, 504, "timeout", Source::upstream, Retry::if_idempotent, true,
     "the endpoint did not answer in time"},
    {Failure::bad_response, 502, "bad_response", Source::upstream, Retry::never, true,
     "the endpoint's response is malformed or ambiguous"},
    {Failure::truncated, 502, "reset", Source::upstream, Retry::never, true, "the endpoint cut its response"},
    {Failure::body_idle, 504, "timeout", Source::upstream, Retry::never, true,
     "the endpoint stopped in the middle of its response"},
    {Failure::request_timeout, 504, "timeout", Source::upstream, Retry::never, true,
     "the request took longer than this route allows"},
    {Failure::drained, 503, "drained", Source::upstream, Retry::if_idempotent, false,
     "the upstream was drained before it answered"},
    {Failure::internal, 500, "internal", Source::internal, Retry::never, false, "an error inside the proxy"},
}};

constexpr const FailureTraits& traits(Failure failure) {
    return kFailureTable[static_cast<std::size_t>(failure)];
}

}  // namespace switchyard
