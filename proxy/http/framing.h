// The framing guard: how long is this message, decided once, refused when two recipients could decide differently
// (RFC 9112 §6). Also Host and the fields that govern the connection.
//
// Pure. Errors: a reason in a word for the log, null when all is well.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http/head.h"

namespace switchyard::http {

struct Body {
    enum class Kind : std::uint8_t { none, length, chunked, until_close };
    Kind kind = Kind::none;
    std::uint64_t length = 0;

    bool empty() const { return kind == Kind::none || (kind == Kind::length && length == 0); }
};

struct Guarded {
    Body body;
    bool keep_alive = true;         // what the sender asked for
    bool upgrade = false;           // Connection names Upgrade, Upgrade is there, and it may be passed on
    bool expect_continue = false;   // requests
    const char* refused = nullptr;  // set: answer 400 (417, 501 where HTTP has a number) and close
    std::uint16_t status = 400;
};

// Checks a request head and marks the fields that are not to be forwarded.
Guarded guard_request(const char* base, Head& head);

// The same for a response to a request of that method. refused means 502.
Guarded guard_response(const char* base, Head& head, std::string_view request_method);

// Does a 101 switch to nothing but protocols that the request had offered (RFC 9110 §7.8)?
bool offered_upgrade(const char* request_base, const Head& request, const char* response_base, const Head& response);

// 1*18DIGIT without leading zeros, and nothing else.
bool parse_content_length(std::string_view text, std::uint64_t& length);

// How often a TRACE or OPTIONS may still be forwarded (RFC 9110 §7.6.2); more than we can count is the most that we
// can. False when the head does not say it once, as a number.
bool parse_max_forwards(const char* base, const Head& head, std::uint64_t& left);

// How often a proxy of that name has passed this message on, by its own word in Via (RFC 9110 §7.6.3).
unsigned passes_by(const char* base, const Head& head, std::string_view proxy);

// Whether CDN-Loop says that the CDN of that name has passed this request on (RFC 8586). `cdn` is in lower case.
bool passed_cdn(const char* base, const Head& head, std::string_view cdn);

// Does a field speak of an authentication that holds for the connection and whatever comes on it (NTLM, Negotiate)
// instead of for one message? Its connection must never serve another client.
bool binds_connection(const char* base, const Head& head);

}  // namespace switchyard::http
