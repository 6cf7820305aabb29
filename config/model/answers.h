// What is made of an endpoint's answer on its way to the client, beside header edits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

struct Substitution {
    std::string from, to;
    bool operator==(const Substitution&) const = default;
};

struct CookieFlags {
    std::string cookie;              // its name; empty: each
    std::vector<std::string> flags;  // secure | nosecure | httponly | nohttponly | samesite=… | nosamesite
    bool operator==(const CookieFlags&) const = default;
};

// "samesite" of "samesite=lax" and of "nosamesite".
constexpr std::string_view attribute_of_flag(std::string_view flag) {
    if (flag.starts_with("no")) flag.remove_prefix(2);
    return flag.substr(0, flag.find('='));
}

struct AnswerRewrites {
    std::vector<Substitution> location;       // starts of Location and Refresh; the first that fits
    std::vector<Substitution> cookie_domain;  // of Set-Cookie, as a whole
    std::vector<Substitution> cookie_path;    // of Set-Cookie, their starts
    std::vector<CookieFlags> cookie_flags;    // of Set-Cookie; the first that names the cookie
    bool operator==(const AnswerRewrites&) const = default;

    bool empty() const {
        return location.empty() && cookie_domain.empty() && cookie_path.empty() && cookie_flags.empty();
    }
};

}  // namespace switchyard::config
