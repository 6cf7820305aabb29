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

    // For the OpenAPI document; names of schemas and parameters are those of openapi_components.json.
    std::string_view summary = "";     ///< empty: not in the document
    int status = 200;                  ///< when all went well
    std::string_view answer = "";      ///< schema, empty: no body
    std::string_view request = "";     ///< schema, empty: no body
    std::string_view parameters = "";  ///< of the query and the head, separated by spaces
};

}  // namespace forum
