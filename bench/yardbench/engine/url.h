// http://host:port/path, or https://, taken apart and resolved, once, before a run.
#pragma once

#include <netinet/in.h>

#include <string>

namespace yardbench {

struct Url {
    bool secure = false;    // https
    std::string host;       // as written, for the Host header
    std::string authority;  // host:port as written
    std::string path;       // "/" when the URL has none
    sockaddr_storage address{};
    socklen_t address_length = 0;
};

// Throws std::invalid_argument naming the URL and what is wrong with it.
Url parse_url(const std::string& text);
// For a client that speaks no TLS.
Url parse_clear_url(const std::string& text);

}  // namespace yardbench
