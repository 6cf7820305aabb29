// How long clients and caches may keep an answer, as operators write it: "1h", "no-cache", "max".
//
// Pure. Errors: words.
#pragma once

#include <string>
#include <string_view>

namespace switchyard::config {

// The value of Cache-Control; empty for a text that says nothing or is none, and then `why` says what was expected.
std::string cache_control_of(std::string_view expires, std::string* why = nullptr);

}  // namespace switchyard::config
