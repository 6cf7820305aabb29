#include "config/text/pointer.h"

namespace switchyard::config {

std::string pointer_to(std::string_view parent, std::string_view key) {
    std::string pointer(parent);
    pointer += '/';
    for (const char c : key) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
    return pointer;
}

std::string pointer_to(std::string_view parent, std::size_t index) {
    return std::string(parent) + '/' + std::to_string(index);
}

bool on_one_line(std::string_view a, std::string_view b) {
    if (a.size() > b.size()) return on_one_line(b, a);
    return b.starts_with(a) && (b.size() == a.size() || b[a.size()] == '/');
}

}  // namespace switchyard::config
