// Texts that a target is made of for each request: where a redirect leads, what a path is rewritten to. {host}, {path}
// and {query} are those of the request; {1} … {9} what a group of `match.path_matches` took, {host.1} … {host.9} one of
// `match.host_matches`. "?{query}" and "&{query}" vanish as a whole where there is no query.
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace switchyard::config {

inline constexpr unsigned kMostGroups = 9;  // that a text can name

struct TargetPart {
    enum class What : std::uint8_t { text, host, path, query, path_group, host_group };
    What what = What::text;
    unsigned group = 0;
    std::string_view text;  // of `text` itself; of `query` the mark before it, or nothing
};

// Takes the next part off the front of what is left. A brace that no word of these stands in means itself.
TargetPart next_part(std::string_view& left);

// "1" and "host.1", as headers have them between braces: the number of the group.
std::optional<TargetPart> group_named(std::string_view word);

}  // namespace switchyard::config
