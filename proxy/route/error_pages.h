// The pages of a route as its snapshot has them: what a client that does not ask for JSON is shown in place of an error
// of the proxy's own.
//
// Immutable; shared by all workers.
#pragma once

#include <cstdint>
#include <functional>
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
        std::shared_ptr<const std::string> text;
        std::string_view type;
    };
    // What is known of a file; null: nothing, and there is no page.
    using Known = std::function<std::shared_ptr<const std::string>(const std::string& file)>;
    // Null: there is not one.
    static std::shared_ptr<const ErrorPages> made_of(const config::ErrorPages& source, const Known& known);

    // Null: there is none. That of the very status goes before that of its hundred.
    const Page* find(std::uint16_t status) const;

  private:
    std::vector<Page> pages_;
};

// The request asks for JSON, and not for HTML.
bool asks_for_json(const char* base, const http::Head& asked);

}  // namespace switchyard::route
