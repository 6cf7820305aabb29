#include "forum/api/entity_tag.h"

#include <xxhash.h>

#include <array>
#include <cstdio>

namespace forum {

namespace {

std::string hash_of(std::string_view body) {
    std::array<char, 17> out{};
    std::snprintf(out.data(), out.size(), "%016llx",
                  static_cast<unsigned long long>(XXH3_64bits(body.data(), body.size())));
    return out.data();
}

// Calls `accept` with each member of a comma-separated list until it says true.
template <class Accept>
bool any_tag(std::string_view list, Accept&& accept) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view tag = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        while (tag.starts_with(' ')) tag.remove_prefix(1);
        while (tag.ends_with(' ')) tag.remove_suffix(1);
        if (tag == "*" || accept(tag)) return true;
    }
    return false;
}

}  // namespace

std::string entity_tag(std::string_view body) {
    return '"' + hash_of(body) + '"';
}

std::string versioned_tag(std::int64_t edit_version, std::string_view body) {
    return "\"v" + std::to_string(edit_version) + '.' + hash_of(body) + '"';
}

bool tag_matches(std::string_view list, std::string_view tag) {
    return any_tag(list, [tag](std::string_view one) {
        if (one.starts_with("W/")) one.remove_prefix(2);
        return one == tag;
    });
}

bool version_matches(std::string_view list, std::int64_t edit_version) {
    const std::string begin = "\"v" + std::to_string(edit_version) + '.';
    return any_tag(list, [&](std::string_view one) { return one.starts_with(begin); });
}

}  // namespace forum
