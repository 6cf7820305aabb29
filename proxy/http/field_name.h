// The field names the proxy knows by heart. Everything else is forwarded as it came.
#pragma once

#include <cstdint>
#include <string_view>

namespace switchyard::http {

enum class FieldName : std::uint8_t {
    other,
    authorization,
    connection,
    content_length,
    cookie,
    date,
    expect,
    forwarded,
    host,
    http2_settings,
    keep_alive,
    max_forwards,
    proxy,
    proxy_authenticate,
    proxy_authorization,
    proxy_connection,
    retry_after,
    server,
    te,
    trailer,
    transfer_encoding,
    upgrade,
    via,
    www_authenticate,
    x_forwarded_for,
    x_forwarded_host,
    x_forwarded_port,
    x_forwarded_proto,
    x_request_id,
    // Any other field by which proxies tell applications where a request comes from or what it asked for: all the rest
    // of X-Forwarded-…, and its relatives X-Real-IP, True-Client-IP, X-Original-URL, … (docs/data-plane.md has the
    // list). From a stranger it is a claim that was not checked.
    claim,
};

FieldName field_name(std::string_view name);

// Said by a proxy about the request: forwarded for trusted peers only, or written anew.
constexpr bool is_said_by_proxies(FieldName name) {
    switch (name) {
        case FieldName::claim:
        case FieldName::forwarded:
        case FieldName::x_forwarded_for:
        case FieldName::x_forwarded_host:
        case FieldName::x_forwarded_port:
        case FieldName::x_forwarded_proto:
            return true;
        default:
            return false;
    }
}

// Meant for one connection only (RFC 9110 §7.6.1): never forwarded as it is.
constexpr bool is_hop_by_hop(FieldName name) {
    switch (name) {
        case FieldName::connection:
        case FieldName::http2_settings:
        case FieldName::keep_alive:
        case FieldName::proxy_connection:
        case FieldName::te:
        case FieldName::trailer:
        case FieldName::transfer_encoding:
        case FieldName::upgrade:
            return true;
        default:
            return false;
    }
}

}  // namespace switchyard::http
