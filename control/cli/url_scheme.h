// Whether an address that a caller has given is spoken to by HTTP. The HTTP library throws at any other scheme.
//
// Pure. Threads: any.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace switchyard::control::cli {

// Without a scheme it is http.
inline bool speaks_http(std::string_view url) {
    const auto end = url.find("://");
    return end == std::string_view::npos || url.substr(0, end) == "http" || url.substr(0, end) == "https";
}

// Of options that take such an address: checked before anything is done.
inline CLI::Validator http_url_option() {
    return {[](std::string& text) -> std::string {
                if (speaks_http(text)) return {};
                return text + " is not a URL such as http://127.0.0.1:8080; nothing was done";
            },
            "URL"};
}

}  // namespace switchyard::control::cli
