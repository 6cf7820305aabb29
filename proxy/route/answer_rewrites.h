// Where an endpoint's answer leads, and for whom its cookies are, in the client's words.
//
// Invariants: what it was made of has passed validate(). Names of attributes and domains are compared whatever their
//   case, all else as it stands.
// Immutable; shared by all workers. Threads: any.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "config/model/answers.h"

namespace switchyard::route {

struct Asked;
struct Route;

struct AnswerRewrites {
    config::AnswerRewrites source;
    std::string cache_control;  // of answers that may be kept; empty: the endpoint's own

    // Null where there is nothing to do. `expires`: as configured.
    static std::shared_ptr<const AnswerRewrites> made_of(const config::AnswerRewrites& source,
                                                         const std::string& expires);
    // What the field says instead; false: it stays.
    bool rewrite(std::string_view name, std::string_view value, const Route& route, const Asked& asked,
                 std::string& instead) const;
    // Whether the route has its own word about how long such an answer may be kept.
    bool dates(std::uint16_t status) const;
};

}  // namespace switchyard::route
