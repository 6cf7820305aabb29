// What became of something in an nginx configuration that did not simply carry over.
#pragma once

#include <string>
#include <vector>

namespace switchyard::config {

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
