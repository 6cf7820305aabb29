// Whether bytes are well-formed UTF-8 (RFC 3629): JSON can carry nothing else.
#pragma once

#include <string_view>

namespace switchyard::config {

bool is_utf8(std::string_view text);

}  // namespace switchyard::config
