// A response's head as HTTP/1 would say it, whole lines of our own writing, becomes a header block; so do trailers.
//
// What HTTP/1 says of its connection and of its framing has no place in HTTP/2 (RFC 9113 §8.2.2) and is left out, as is
//   the reason. A switch of protocols is a tunnel, and that a 200 (RFC 8441 §5).
// Pure. Errors: false when the block has no room; it is of no use then.
#pragma once

#include <string_view>

#include "proxy/http2/header_encoder.h"

namespace switchyard::http2 {

// `head`: "HTTP/1.1 200 OK" CRLF, field lines, and the empty line.
bool encode_answer(std::string_view head, HeaderEncoder& block);
// `lines`: "name: value" CRLF each.
bool encode_lines(std::string_view lines, HeaderEncoder& block);

}  // namespace switchyard::http2
