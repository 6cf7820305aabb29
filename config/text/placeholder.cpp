#include "config/text/placeholder.h"

#include <algorithm>

#include "config/text/target_text.h"

namespace switchyard::config {

std::vector<PlaceholderUse> placeholders_in(std::string_view text, bool groups) {
    std::vector<PlaceholderUse> out;
    for (auto open = text.find('{'); open != text.npos; open = text.find('{', open + 1)) {
        const auto close = text.find('}', open);
        if (groups && close != text.npos && group_named(text.substr(open + 1, close - open - 1))) {
            out.push_back({open, close + 1, std::string(text.substr(open + 1, close - open - 1))});
            continue;
        }
        const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", open + 1);
        if (end == text.npos || text[end] != '}' || end == open + 1) continue;
        out.push_back({open, end + 1, std::string(text.substr(open + 1, end - open - 1))});
    }
    return out;
}

std::optional<Placeholder> placeholder_of(std::string_view word) {
    const auto found = std::ranges::find(kPlaceholders, word);
    if (found == kPlaceholders.end()) return std::nullopt;
    return static_cast<Placeholder>(found - kPlaceholders.begin());
}

}  // namespace switchyard::config
