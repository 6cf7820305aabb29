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

// The start of what is said of an answer that some requests got, in an `if` whose test is not carried over: as a rule
// what closes a site for maintenance.
inline constexpr std::string_view kNotAnswered =
    "NOT ANSWERED: requests that got this pass here: its test has no counterpart; answer by a rule of the route, or by "
    "`respond` while it is meant";
// … of a file that is included and is not there.
inline constexpr std::string_view kNoSuchFile =
    "THE FILE IS MISSING, and what it says – guards, too – is not carried over: ";

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
