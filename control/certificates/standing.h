// What is to be said of a certificate at a time: how near its end is, or that there is none.
//
// Pure. Units: seconds since 1970.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/net/tls_identity.h"

namespace switchyard::control {

struct Standing {
    enum class Word : std::uint8_t { valid, expires_soon, expired, not_yet_valid, missing };
    Word word = Word::valid;
    // Each is told of once: two weeks, a week, three days and a day before the end, and the end.
    std::uint8_t stage = 0;
    std::string detail;  // empty: nothing is to be said

    bool operator==(const Standing&) const = default;
};

const char* word(Standing::Word word);
// Null: none could be read.
Standing standing_of(const switchyard::net::TlsIdentity* identity, std::int64_t now);

}  // namespace switchyard::control
