// The pages of a route, read when its generation is made: what a client that does not ask for JSON is shown in place of
// an error of the proxy's own.
//
// Immutable; shared by all workers. Errors: why a file cannot be used.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/error_pages.h"
#include "proxy/http/head.h"

namespace switchyard::route {

class ErrorPages {
  public:
    struct Page {
        std::uint16_t key;  // a status, or its hundreds
        std::string text;
        std::string_view type;
    };
    // Null, with the key of the first file that cannot be used and why.
    static std::shared_ptr<const ErrorPages> read(const config::ErrorPages& source, std::string* key, std::string* why);

    // Null: there is none.
    const Page* find(std::uint16_t status) const;

  private:
    std::vector<Page> pages_;
};

// The request asks for JSON, and not for HTML.
bool asks_for_json(const char* base, const http::Head& asked);

}  // namespace switchyard::route
