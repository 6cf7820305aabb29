// What is made of an endpoint's answer on its way to the client, beside header edits.
#pragma once

#include <string>
#include <vector>

namespace switchyard::config {

struct Substitution {
    std::string from, to;
    bool operator==(const Substitution&) const = default;
};

struct AnswerRewrites {
    std::vector<Substitution> location;       // starts of Location and Refresh; the first that fits
    std::vector<Substitution> cookie_domain;  // of Set-Cookie, as a whole
    std::vector<Substitution> cookie_path;    // of Set-Cookie, their starts
    bool operator==(const AnswerRewrites&) const = default;

    bool empty() const { return location.empty() && cookie_domain.empty() && cookie_path.empty(); }
};

}  // namespace switchyard::config
