#pragma once
// One line of the table of endpoints.

#include <string_view>

#include "forum/api/call.h"
#include "forum/api/service.h"
#include "forum/domain/access.h"

namespace forum {

struct Endpoint {
    std::string_view method;
    std::string_view pattern;  ///< "/api/v1/posts/{id}"
    std::string_view operation;
    Access access;
    Answer (*handle)(Service&, const Call&);
};

}  // namespace forum
