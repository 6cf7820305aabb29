// What RFC 9110 lets stand in a header: names, values, methods; and the headers no edit may touch.
//
// Threads: pure functions.
#pragma once

#include <string_view>

namespace switchyard::config {

// token of RFC 9110 §5.6.2: header names, methods, cookie names.
bool is_token(std::string_view text);
// field-value of RFC 9110 §5.5: no control characters but tab, no space at either end.
bool is_field_value(std::string_view text);
// Headers that belong to the connection or frame the message: the proxy writes them itself.
bool is_hop_header(std::string_view name);
// Same name but for case.
bool same_header(std::string_view a, std::string_view b);

}  // namespace switchyard::config
