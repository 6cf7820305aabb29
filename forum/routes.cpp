#include "forum/routes.h"

#include "forum/api/categories.h"
#include "forum/api/comments.h"
#include "forum/api/moderation.h"
#include "forum/api/notifications.h"
#include "forum/api/operating.h"
#include "forum/api/posts.h"
#include "forum/api/reports.h"
#include "forum/api/search.h"
#include "forum/api/sessions.h"
#include "forum/api/users.h"
#include "forum/api/votes.h"

namespace forum {

namespace {

// The most asked for come first; a request is compared from the top.
constexpr Endpoint kEndpoints[] = {
    {"GET", "/api/v1/posts", "listPosts", Access::anyone, &list_posts},
    {"GET", "/api/v1/posts/{id}", "showPost", Access::anyone, &show_post},
    {"POST", "/api/v1/posts", "createPost", Access::writer, &create_post},
    {"PATCH", "/api/v1/posts/{id}", "editPost", Access::writer, &edit_post},
    {"DELETE", "/api/v1/posts/{id}", "deletePost", Access::writer, &remove_post},
    {"GET", "/api/v1/posts/{id}/history", "listPostHistory", Access::anyone, &list_post_history},
    {"GET", "/api/v1/posts/{id}/comments", "listComments", Access::anyone, &list_comments},
    {"POST", "/api/v1/posts/{id}/comments", "createComment", Access::writer, &create_comment},
    {"PUT", "/api/v1/posts/{id}/vote", "voteOnPost", Access::writer, &vote_on_post},
    {"GET", "/api/v1/comments/{id}", "showComment", Access::anyone, &show_comment},
    {"PATCH", "/api/v1/comments/{id}", "editComment", Access::writer, &edit_comment},
    {"DELETE", "/api/v1/comments/{id}", "deleteComment", Access::writer, &remove_comment},
    {"GET", "/api/v1/comments/{id}/history", "listCommentHistory", Access::anyone, &list_comment_history},
    {"PUT", "/api/v1/comments/{id}/vote", "voteOnComment", Access::writer, &vote_on_comment},
    {"GET", "/api/v1/categories", "listCategories", Access::anyone, &list_categories},
    {"POST", "/api/v1/categories", "createCategory", Access::admin, &create_category},
    {"PATCH", "/api/v1/categories/{slug}", "editCategory", Access::admin, &edit_category},
    {"POST", "/api/v1/register", "register", Access::anyone, &register_account},
    {"POST", "/api/v1/login", "logIn", Access::anyone, &log_in},
    {"POST", "/api/v1/refresh", "refresh", Access::anyone, &refresh_session},
    {"POST", "/api/v1/logout", "logOut", Access::member, &log_out},
    {"POST", "/api/v1/logout-everywhere", "logOutEverywhere", Access::member, &log_out_everywhere},
    {"GET", "/api/v1/me", "showMe", Access::member, &show_me},
    {"PATCH", "/api/v1/me", "editMe", Access::writer, &edit_me},
    {"POST", "/api/v1/me/password", "changePassword", Access::member, &change_password},
    {"GET", "/api/v1/users/{username}", "showUser", Access::anyone, &show_user},
    {"GET", "/api/v1/users/{username}/posts", "listUserPosts", Access::anyone, &list_user_posts},
    {"PUT", "/api/v1/posts/{id}/pin", "pinPost", Access::moderator, &pin_post},
    {"DELETE", "/api/v1/posts/{id}/pin", "unpinPost", Access::moderator, &unpin_post},
    {"PUT", "/api/v1/posts/{id}/lock", "lockPost", Access::moderator, &lock_post},
    {"DELETE", "/api/v1/posts/{id}/lock", "unlockPost", Access::moderator, &unlock_post},
    {"POST", "/api/v1/posts/{id}/restore", "restorePost", Access::moderator, &restore_post},
    {"POST", "/api/v1/comments/{id}/restore", "restoreComment", Access::moderator, &restore_comment},
    {"PUT", "/api/v1/posts/{id}/read", "markPostRead", Access::member, &mark_post_read},
    {"GET", "/api/v1/me/marks", "listMarks", Access::member, &list_marks},
    {"GET", "/api/v1/me/notifications", "listNotifications", Access::member, &list_notifications},
    {"POST", "/api/v1/me/notifications/read", "markNotificationsRead", Access::member, &mark_notifications_read},
    {"GET", "/api/v1/search", "searchPosts", Access::anyone, &search_posts},
    {"POST", "/api/v1/posts/{id}/reports", "reportPost", Access::writer, &report_post},
    {"POST", "/api/v1/comments/{id}/reports", "reportComment", Access::writer, &report_comment},
    {"GET", "/api/v1/reports", "listReports", Access::moderator, &list_reports},
    {"POST", "/api/v1/reports/{id}/resolve", "resolveReport", Access::moderator, &resolve_report},
    {"GET", "/api/v1/moderation-log", "listModerationLog", Access::moderator, &list_moderation_log},
    {"PUT", "/api/v1/users/{username}/ban", "banUser", Access::moderator, &ban_user},
    {"DELETE", "/api/v1/users/{username}/ban", "unbanUser", Access::moderator, &unban_user},
    {"PUT", "/api/v1/users/{username}/role", "setUserRole", Access::admin, &set_user_role},
    {"POST", "/api/v1/signing-keys", "rotateSigningKeys", Access::admin, &rotate_signing_keys},
    {"GET", "/livez", "livez", Access::anyone, &show_livez},
    {"GET", "/readyz", "readyz", Access::anyone, &show_readyz},
    {"GET", "/startupz", "startupz", Access::anyone, &show_startupz},
    {"GET", "/metrics", "metrics", Access::anyone, &show_metrics},
    {"GET", "/drain", "showDrain", Access::operators, &show_drain},
    {"POST", "/drain", "beginDrain", Access::operators, &begin_drain},
    {"DELETE", "/drain", "endDrain", Access::operators, &end_drain},
};

}  // namespace

std::span<const Endpoint> endpoints() {
    return kEndpoints;
}

}  // namespace forum
