// What a call says, and where its server is.
//
// Pure. Errors: none; a URL is judged where it is configured.
#pragma once

#include <string>
#include <string_view>

#include "control/net/http_client.h"

namespace switchyard::control::net {

struct HttpPlace {
    bool secure = false;     // https
    std::string host, port;  // an IPv6 address without its brackets; the scheme's own port where none is written
    std::string said;        // the Host field: as it is written

    // Of "http://host[:port]" or "https://host[:port]"; a path behind it is passed over.
    static HttpPlace of(std::string_view url);
};

// Head and body as HTTP/1.1 says them. A header of the call's own stands in for Host and User-Agent.
std::string request_text(const HttpCall& call, std::string_view host);

}  // namespace switchyard::control::net
