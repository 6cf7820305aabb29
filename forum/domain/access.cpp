#include "forum/domain/access.h"

namespace forum {

std::string_view name_of(Access access) {
    switch (access) {
        case Access::anyone:
            return "anyone";
        case Access::member:
            return "member";
        case Access::writer:
            return "writer";
        case Access::moderator:
            return "moderator";
        case Access::admin:
            return "admin";
        case Access::watchers:
            return "watchers";
        case Access::operators:
            return "operators";
    }
    return "";
}

Verdict judge(Access access, Role role, bool banned) {
    if (access == Access::anyone) return Verdict::allowed;
    if (role == Role::guest) return Verdict::login_needed;
    if (access == Access::member) return Verdict::allowed;
    const Role needed = access == Access::writer      ? Role::member
                        : access == Access::moderator ? Role::moderator
                                                      : Role::admin;
    const bool role_counts = access != Access::watchers && access != Access::operators;
    if (!reaches(role, needed) || !role_counts) return Verdict::forbidden;
    return banned ? Verdict::banned : Verdict::allowed;
}

bool may_edit(Role role, std::int64_t user, std::int64_t author) {
    return user == author || reaches(role, Role::moderator);
}

bool may_answer(Role role, bool locked) {
    return !locked || reaches(role, Role::moderator);
}

}  // namespace forum
