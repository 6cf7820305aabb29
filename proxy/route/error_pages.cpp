#include "proxy/route/error_pages.h"

#include <array>
#include <utility>

#include "proxy/http/characters.h"

namespace switchyard::route {
namespace {

std::string_view type_of(std::string_view file) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kTypes{
        {{".json", "application/json"}, {".txt", "text/plain; charset=utf-8"}, {".xml", "application/xml"}}};
    for (const auto& [ending, type] : kTypes)
        if (file.ends_with(ending)) return type;
    return "text/html; charset=utf-8";
}

}  // namespace

std::shared_ptr<const ErrorPages> ErrorPages::made_of(const config::ErrorPages& source, const Known& known) {
    auto out = std::make_shared<ErrorPages>();
    for (const auto& [name, file] : source)
        if (auto text = known(file))
            out->pages_.push_back({config::page_key(name).value_or(0), std::move(text), type_of(file)});
    if (out->pages_.empty()) return nullptr;
    return out;
}

const ErrorPages::Page* ErrorPages::find(std::uint16_t status) const {
    const Page* of_class = nullptr;
    for (const Page& page : pages_) {
        if (page.key == status) return &page;
        if (page.key == status / 100) of_class = &page;
    }
    return of_class;
}

bool asks_for_json(const char* base, const http::Head& asked) {
    bool json = false, html = false;
    for (std::uint16_t i = 0; i < asked.field_count; ++i) {
        if (!http::equals_lower(asked.fields[i].name.of(base), "accept")) continue;
        for (std::string_view rest = asked.fields[i].value.of(base); !rest.empty();) {
            const std::string_view member = http::take_member(rest);
            const std::string_view type = http::trim(member.substr(0, member.find(';')));
            json = json || http::equals_lower(type, "application/json") ||
                   http::equals_lower(type, "application/problem+json");
            html = html || http::equals_lower(type, "text/html");
        }
    }
    return json && !html;
}

}  // namespace switchyard::route
