// The request-target and Host: which host, which path, checked against each other (RFC 9112 §3.2, RFC 9110 §7.2).
//
// Pure. The slices point into the head's buffer. `path` keeps the raw bytes that are forwarded; routing uses
// normalized_path(), so that /a/../b and /%61 cannot slip past a prefix.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/head.h"

namespace switchyard::http {

struct Target {
    enum class Form : std::uint8_t { origin, absolute, authority, asterisk };
    Form form = Form::origin;
    std::string_view host;          // without port; may be empty for HTTP/1.0
    std::string_view authority;     // as sent, with port
    std::string_view port;          // of it; may be empty
    std::string_view path;          // "/…" or "*"; without the query
    std::string_view query;         // without '?'
    std::string_view tail;          // what stands behind the path: the query with its '?', or nothing
    const char* refused = nullptr;  // 400
};

Target read_target(const char* base, const Head& head);

// True when routing must look at normalized_path() instead of the raw path.
bool needs_normalizing(std::string_view path);
// Percent-decodes unreserved and other plain characters, merges slashes, resolves "." and "..". False when the path
// climbs above the root or has a malformed or NUL escape.
bool normalize_path(std::string_view path, std::string& out);

}  // namespace switchyard::http
