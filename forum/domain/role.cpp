#include "forum/domain/role.h"

#include <array>

namespace forum {

namespace {
constexpr std::array<std::string_view, 4> kNames = {"guest", "member", "moderator", "admin"};
}

std::string_view name_of(Role role) {
    return kNames.at(static_cast<std::size_t>(role));
}

std::optional<Role> role_named(std::string_view name) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) return static_cast<Role>(i);
    }
    return std::nullopt;
}

}  // namespace forum
