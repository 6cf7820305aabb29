#include "config/text/target_text.h"

namespace switchyard::config {
namespace {

using What = TargetPart::What;

bool is_group(char c) {
    return c >= '1' && c <= static_cast<char>('0' + kMostGroups);
}

// The word that begins here, braces included; nothing when none of ours does.
std::optional<std::pair<TargetPart, std::size_t>> word_at(std::string_view text) {
    const auto close = text.find('}');
    if (text.empty() || text[0] != '{' || close == text.npos) return std::nullopt;
    const std::string_view word = text.substr(1, close - 1);
    std::optional<TargetPart> part = group_named(word);
    if (word == "host") part = TargetPart{What::host, 0, {}};
    if (word == "path") part = TargetPart{What::path, 0, {}};
    if (word == "query") part = TargetPart{What::query, 0, {}};
    if (!part) return std::nullopt;
    return std::pair(*part, close + 1);
}

}  // namespace

std::optional<TargetPart> group_named(std::string_view word) {
    constexpr std::string_view kHost = "host.";
    const bool of_host = word.starts_with(kHost);
    if (of_host) word.remove_prefix(kHost.size());
    if (word.size() != 1 || !is_group(word[0])) return std::nullopt;
    return TargetPart{of_host ? What::host_group : What::path_group, static_cast<unsigned>(word[0] - '0'), {}};
}

TargetPart next_part(std::string_view& left) {
    if (const auto word = word_at(left)) {
        left.remove_prefix(word->second);
        return word->first;
    }
    // A mark goes with the query behind it.
    if (!left.empty() && (left[0] == '?' || left[0] == '&'))
        if (const auto word = word_at(left.substr(1)); word && word->first.what == What::query) {
            TargetPart part = word->first;
            part.text = left.substr(0, 1);
            left.remove_prefix(1 + word->second);
            return part;
        }
    const auto next = left.find_first_of("{?&", 1);
    TargetPart part{What::text, 0, left.substr(0, next)};
    left.remove_prefix(part.text.size());
    return part;
}

}  // namespace switchyard::config
