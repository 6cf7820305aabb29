// One line of the table of endpoints.
//
// Pure; a line never changes. Threads: any.
#pragma once

#include <algorithm>
#include <string_view>

#include "forum/api/call.h"
#include "forum/api/service.h"
#include "forum/domain/access.h"

namespace forum {

// Whether `word` stands in a list of words separated by spaces.
constexpr bool has_word(std::string_view list, std::string_view word) {
    for (std::string_view rest = list; !rest.empty();) {
        const std::size_t space = std::min(rest.find(' '), rest.size());
        if (rest.substr(0, space) == word) return true;
        rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    return false;
}

struct Endpoint {
    std::string_view method;
    std::string_view pattern;  // "/api/v1/posts/{id}"
    std::string_view operation;
    Access access;
    Answer (*handle)(Service&, const Call&);

    // For the OpenAPI document; names of schemas and parameters are those of openapi_components.json.
    std::string_view summary = "";     // empty: not in the document
    int status = 200;                  // when all went well
    std::string_view answer = "";      // schema, empty: no body
    std::string_view request = "";     // schema, empty: no body
    std::string_view parameters = "";  // of the query and the head, separated by spaces

    bool takes(std::string_view parameter) const { return has_word(parameters, parameter); }
};

}  // namespace forum
