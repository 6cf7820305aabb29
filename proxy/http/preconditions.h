// Whether what a client knows of a thing is still true (RFC 9110 §13): If-Match, If-None-Match, If-Modified-Since,
// If-Unmodified-Since, and If-Range. In the order of §13.2.2.
//
// Pure. Units: seconds since 1970.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http/head.h"

namespace switchyard::http {

struct Validators {
    std::string_view etag;  // with its quotes; a strong one
    std::int64_t modified_s = 0;
};

enum class Precondition : std::uint8_t { holds, not_modified, failed };

// Of GET and HEAD.
Precondition precondition(const char* base, const Head& head, const Validators& now);
// Whether Range counts: there is no If-Range, or it names exactly this.
bool range_counts(const char* base, const Head& head, const Validators& now);

// The value of the first field of that name (lower case); empty: there is none.
std::string_view field_value(const char* base, const Head& head, std::string_view lower_name);

}  // namespace switchyard::http
