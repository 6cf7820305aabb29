// What becomes of a path that is sent on.
#pragma once

#include <string>

namespace switchyard::config {

struct Rewrite {
    std::string matches;  // regular expression on the path, whose groups `to` names; empty: those of match.path_matches
    std::string to;       // see config/text/target_text.h
    bool operator==(const Rewrite&) const = default;
};

}  // namespace switchyard::config
