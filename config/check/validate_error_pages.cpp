#include "config/check/checks.h"

namespace switchyard::config {

void check_error_pages(Checks& checks, const std::string& at, const ErrorPages& pages) {
    if (pages.size() > kMostPages)
        return checks.fail(at, fmt::format("at most {} pages are allowed, found {}", kMostPages, pages.size()));
    for (const auto& [key, file] : pages) {
        const std::string here = pointer_to(at, key);
        if (!page_key(key))
            checks.fail(here, fmt::format("\"{}\": expected a status from 400 to 599, or \"4xx\" or \"5xx\"", key));
        if (!file.starts_with('/') || file.find('\0') != std::string::npos)
            checks.fail(here, fmt::format("\"{}\": expected the path of a file that begins with '/'", file));
    }
}

}  // namespace switchyard::config
