// What routing may look at in a request. Views into the head's buffer; nothing is copied.
#pragma once

#include <string_view>

#include "proxy/base/client_claims.h"
#include "proxy/http/head.h"
#include "proxy/http/target.h"
#include "proxy/route/cidr_set.h"

namespace switchyard::route {

class Claims;

struct RequestFacts {
    const char* base = nullptr;  // the head's buffer
    const http::Head* head = nullptr;
    std::string_view method;
    std::string_view host;  // lower case
    std::string_view path;  // normalized
    std::string_view query;
    ClientAddress client;
    const Claims* claims = nullptr;             // verified, or null
    const ClientClaims* certificate = nullptr;  // by the client's certificate; null: none was asked for

    // First header of that name (any case), or an empty view with data() == nullptr.
    std::string_view header(std::string_view lower_name) const;
    std::string_view cookie(std::string_view name) const;
    std::string_view query_value(std::string_view name) const;  // raw, not decoded
};

}  // namespace switchyard::route
