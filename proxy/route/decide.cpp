#include "proxy/route/decide.h"

#include <xxhash.h>

#include <string>

namespace switchyard::route {

std::uint32_t sticky_hash(std::string_view salt, std::string_view key) {
    // One state on the stack: the three parts are hashed as if they stood in one piece.
    constexpr std::size_t kShort = 256;
    if (salt.size() + 1 + key.size() <= kShort) {
        char bytes[kShort];
        std::size_t n = salt.copy(bytes, salt.size());
        bytes[n++] = '\0';
        n += key.copy(bytes + n, key.size());
        return static_cast<std::uint32_t>(XXH3_64bits(bytes, n) >> 32);
    }
    std::string bytes(salt);
    bytes += '\0';
    bytes += key;
    return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()) >> 32);
}

bool decide_by_rule(const Route& route, const RequestFacts& facts, Decision& out) {
    for (std::size_t i = 0; i < route.rules.size(); ++i) {
        const bool refused = route.rules[i].refused;
        if (!refused && !route.rules[i].when.holds(facts)) continue;
        out.by = refused                    ? Decision::By::refused_rule
                 : route.rules[i].deny != 0 ? Decision::By::denying_rule
                                            : Decision::By::rule;
        out.rule = static_cast<std::int32_t>(i);
        out.upstream = route.rules[i].upstream;
        return true;
    }
    return false;
}

namespace detail {

bool decide_without_position(const Route& route, const RequestFacts& facts, std::string_view minted, Decision& out) {
    if (decide_by_rule(route, facts, out)) return true;
    if (!route.has_sticky) return false;
    std::string scratch;
    std::string_view key = value_of(route.sticky.key, route.sticky.lower_name, facts, scratch);
    if (key.empty()) {
        if (route.sticky.mint) {
            key = minted;
            out.mint = true;
        } else if (route.sticky.missing == config::Sticky::Missing::baseline) {
            out.by = Decision::By::sticky;
            out.arm = 0;
            out.upstream = route.arms[0];
            // A baseline without weight gets none: the arm that has all the traffic gets the keyless too.
            if (route.split.single()) out.arm = route.split.only(), out.upstream = route.arms[out.arm];
            return true;
        } else if (route.sticky.missing == config::Sticky::Missing::random) {
            return false;
        } else {
            char text[64];
            scratch.assign(text, facts.client.write(text));
            key = scratch;
        }
    }
    out.by = Decision::By::sticky;
    out.has_hash = true;
    out.hash = sticky_hash(route.sticky.salt, key);
    out.arm = route.split.by_hash(out.hash);
    out.upstream = route.arms[out.arm];
    return true;
}

}  // namespace detail
}  // namespace switchyard::route
