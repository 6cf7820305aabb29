// Base64url without padding, as RFC 8555 writes octets.
//
// Pure. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace switchyard::control::acme {

std::string base64url(std::string_view bytes);
// Nothing: it is none. Padding at the end is forgiven: authorities hand keys out with it.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace switchyard::control::acme
