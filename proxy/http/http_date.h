// Dates as HTTP writes them (RFC 9110 §5.6.7): "Mon, 30 Nov 2026 08:00:00 GMT".
//
// Pure. Units: seconds since 1970.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::http {

std::string http_date(std::int64_t unix_seconds);
// Of the form above and no other: what is written in the two older ones is no date here, and so no condition.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace switchyard::http
