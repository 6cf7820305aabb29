// What a user is to the forum. The order is the order of power: a higher role may do everything a lower one may.
//
// Pure. Threads: any.
#pragma once

#include <optional>
#include <string_view>

namespace forum {

enum class Role { guest = 0, member = 1, moderator = 2, admin = 3 };

std::string_view name_of(Role role);
std::optional<Role> role_named(std::string_view name);

inline bool reaches(Role have, Role needed) {
    return static_cast<int>(have) >= static_cast<int>(needed);
}

}  // namespace forum
