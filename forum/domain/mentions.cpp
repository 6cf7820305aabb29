#include "forum/domain/mentions.h"

#include <algorithm>

#include "forum/domain/account_rules.h"
#include "forum/domain/ascii.h"
#include "forum/domain/content_rules.h"

namespace forum {

namespace {

bool is_word(char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '_';
}

}  // namespace

std::vector<std::string> mentions_in(std::string_view text) {
    std::vector<std::string> names;
    for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
        if (at > 0 && is_word(text[at - 1])) continue;  // an e-mail address
        std::size_t end = at + 1;
        while (end < text.size() && is_word(text[end])) ++end;
        std::string name(text.substr(at + 1, end - at - 1));
        while (!name.empty() && (name.back() == '-' || name.back() == '_')) name.pop_back();
        if (name.size() < kUsernameMin || name.size() > kUsernameMax || !is_letter(name[0])) continue;
        std::transform(name.begin(), name.end(), name.begin(), lower);
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        if (names.size() == kMentionsMax) break;
    }
    return names;
}

}  // namespace forum
