#include "config/model/cookie.h"

#include <fmt/format.h>

namespace switchyard::config {

std::string attributes_text(const CookieAttributes& attributes, Duration max_age) {
    std::string out = "; Path=" + attributes.path;
    if (!attributes.domain.empty()) out += "; Domain=" + attributes.domain;
    out += "; HttpOnly";
    if (attributes.secure) out += "; Secure";
    out += attributes.same_site == "none"     ? "; SameSite=None"
           : attributes.same_site == "strict" ? "; SameSite=Strict"
                                              : "; SameSite=Lax";
    const Duration age = attributes.max_age.value_or(max_age);
    if (age.count() > 0) out += fmt::format("; Max-Age={}", (age.count() + 999) / 1000);
    return out;
}

}  // namespace switchyard::config
