// A request's head as HTTP/1 would say it, whole lines of our own writing, becomes a header block.
//
// The request line and Host become the pseudo fields; what HTTP/1 says of its connection and of its framing has no
// place
//   in HTTP/2 (RFC 9113 §8.2.2) and is left out. CONNECT names its authority alone (§8.5).
// An upgrade to WebSocket becomes an extended CONNECT (RFC 8441), which needs no key.
// Pure. Errors: false when the block has no room; it is of no use then.
#pragma once

#include <string_view>

#include "proxy/http2/header_encoder.h"

namespace switchyard::http2 {

// `head`: "GET /path HTTP/1.1" CRLF, field lines, and the empty line.
bool encode_request(std::string_view head, std::string_view scheme, HeaderEncoder& block);
bool encode_websocket(std::string_view head, std::string_view scheme, HeaderEncoder& block);

}  // namespace switchyard::http2
