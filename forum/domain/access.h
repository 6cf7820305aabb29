// Who may call an endpoint. Each endpoint names one of these in its line of the table in forum/routes.cpp; what else a
// call may need (being the author, the category's posting role) is decided by the noun, with may_edit and may_post.
//
// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string_view>

#include "forum/domain/role.h"

namespace forum {

enum class Access {
    anyone,     // no login needed
    member,     // logged in; banned users too, so that they can see why and log out
    writer,     // logged in and not banned
    moderator,  // moderators and admins who are not banned
    admin,      // admins who are not banned
    watchers,   // who looks after the program: has the operator token, or speaks from the same machine without a proxy
    operators,  // who runs the program: has the operator token, or, where there is none, is a watcher
};

std::string_view name_of(Access access);

enum class Verdict { allowed, login_needed, banned, forbidden };

// For every kind but `watchers` and `operators`, which are no matter of roles.
Verdict judge(Access access, Role role, bool banned);

// Authors edit what they wrote; moderators edit everything.
bool may_edit(Role role, std::int64_t user, std::int64_t author);

// A lock stops members, not moderators.
bool may_answer(Role role, bool locked);

}  // namespace forum
