// What a WebSocket handshake of HTTP/1 proves (RFC 6455 §4): that the server has read this request, and speaks the
// protocol. HTTP/2 needs no such proof (RFC 8441 §5.1), so a proxy between the two gives the key and checks the answer.
//
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace switchyard::http {

// "Sec-WebSocket-Key": sixteen octets at random.
std::array<char, 24> websocket_key(std::uint64_t high, std::uint64_t low);
// "Sec-WebSocket-Accept" that belongs to it.
std::array<char, 28> websocket_accept(std::string_view key);

}  // namespace switchyard::http
