// Attributes of the cookies that the proxy sets by itself, to keep a client where it is.
//
// Threads: plain values; pure functions.
#pragma once

#include <optional>
#include <string>

#include "config/text/duration.h"

namespace switchyard::config {

inline constexpr Duration kMintedAge = std::chrono::hours(24 * 365);  // of sticky.mint's that is not told otherwise

struct CookieAttributes {
    bool secure = false;            // only by https
    std::string same_site = "lax";  // lax | strict | none
    std::string domain;             // empty: the host alone that it came from
    std::string path = "/";
    std::optional<Duration> max_age;  // 0: until the browser ends; none: as the cookie has it of its own accord
    bool operator==(const CookieAttributes&) const = default;
};

// What stands behind name and value: "; Path=/; HttpOnly; SameSite=Lax". No script reads such a cookie, whatever is
// set. `max_age`: of a cookie that is not told otherwise.
std::string attributes_text(const CookieAttributes& attributes, Duration max_age);

}  // namespace switchyard::config
