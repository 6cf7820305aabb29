// What became of something in an nginx configuration that did not simply carry over.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

// The start of what is said of a redirect to https that only some requests got.
inline constexpr std::string_view kHttpsNotEnforced =
    "HTTPS IS NOT ENFORCED: this redirected what came in clear, and is not carried over: let what ends TLS in front do "
    "it, "
    "or set redirect_https of the listener at port 80";

struct Note {
    enum class Kind {
        lost,      // behaviour that Switchyard will not show until someone does something about it
        changed,   // carried over, but not exactly
        unneeded,  // has no counterpart and needs none
    };
    std::string file;
    unsigned line = 0;
    std::string what;    // the directive, as written
    std::string advice;  // what that means and what to do
    Kind kind = Kind::lost;
    bool operator==(const Note&) const = default;
};

}  // namespace switchyard::config
