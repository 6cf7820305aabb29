#include "control/ui/page_file.h"

#include "control/ui/embedded_page.h"

namespace switchyard::control {
namespace {

std::string_view type_of(std::string_view name) {
    if (name.ends_with(".html")) return "text/html; charset=utf-8";
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    if (name.ends_with(".svg")) return "image/svg+xml";
    return "text/javascript; charset=utf-8";
}

}  // namespace

std::optional<PageFile> page_file(std::string_view name) {
    if (name.empty()) name = "index.html";
    for (const EmbeddedFile& file : kEmbeddedPage)
        if (file.name == name) return PageFile{type_of(name), file.text};
    return std::nullopt;
}

}  // namespace switchyard::control
