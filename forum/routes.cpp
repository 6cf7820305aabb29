#include "forum/routes.h"

#include "forum/api/categories.h"
#include "forum/api/comments.h"
#include "forum/api/moderation.h"
#include "forum/api/notifications.h"
#include "forum/api/openapi.h"
#include "forum/api/operating.h"
#include "forum/api/posts.h"
#include "forum/api/reports.h"
#include "forum/api/search.h"
#include "forum/api/sessions.h"
#include "forum/api/users.h"
#include "forum/api/votes.h"
#include "forum/api/web.h"

namespace forum {

namespace {

// The most asked for come first; a request is compared from the top. Each line: method, path, name, who may, what
// answers; then for the document: what it does, status, shape of the answer, of the request, parameters of the query
// and head.
// clang-format off: one line each
constexpr Endpoint kEndpoints[] = {
    {"GET", "/api/v1/posts", "listPosts", Access::anyone, &list_posts, "List posts", 200, "PostList", "",
     "sort category tag cursor limit"},
    {"GET", "/api/v1/posts/{id}", "showPost", Access::anyone, &show_post, "A post with its first 50 comments", 200,
     "PostWithComments"},
    {"POST", "/api/v1/posts", "createPost", Access::writer, &create_post, "Write a post", 201, "Post", "NewPost",
     "Idempotency-Key"},
    {"PATCH", "/api/v1/posts/{id}", "editPost", Access::writer, &edit_post, "Edit a post of one's own; moderators any",
     200, "Post", "PostEdit", "If-Match"},
    {"DELETE", "/api/v1/posts/{id}", "deletePost", Access::writer, &remove_post,
     "Delete a post of one's own; moderators any", 204, "", "", "reason If-Match"},
    {"GET", "/api/v1/posts/{id}/history", "listPostHistory", Access::anyone, &list_post_history,
     "What a post said before its edits", 200, "PostHistory", "", "cursor limit"},
    {"GET", "/api/v1/posts/{id}/comments", "listComments", Access::anyone, &list_comments, "Comments in thread order",
     200, "CommentPage", "", "cursor limit"},
    {"POST", "/api/v1/posts/{id}/comments", "createComment", Access::writer, &create_comment,
     "Comment on a post or answer a comment", 201, "Comment", "NewComment", "Idempotency-Key"},
    {"PUT", "/api/v1/posts/{id}/vote", "voteOnPost", Access::writer, &vote_on_post,
     "Vote 1 or -1, or 0 to take it back", 200, "Score", "Vote"},
    {"PUT", "/api/v1/posts/{id}/read", "markPostRead", Access::member, &mark_post_read, "Mark a post as read", 204},
    {"PUT", "/api/v1/posts/{id}/pin", "pinPost", Access::moderator, &pin_post, "Pin a post", 204, "", "", "reason"},
    {"DELETE", "/api/v1/posts/{id}/pin", "unpinPost", Access::moderator, &unpin_post, "Unpin a post", 204, "", "",
     "reason"},
    {"PUT", "/api/v1/posts/{id}/lock", "lockPost", Access::moderator, &lock_post, "Lock a post against comments", 204,
     "", "", "reason"},
    {"DELETE", "/api/v1/posts/{id}/lock", "unlockPost", Access::moderator, &unlock_post, "Unlock a post", 204, "", "",
     "reason"},
    {"POST", "/api/v1/posts/{id}/restore", "restorePost", Access::moderator, &restore_post, "Bring back a deleted post",
     204, "", "", "reason"},
    {"POST", "/api/v1/posts/{id}/reports", "reportPost", Access::writer, &report_post,
     "Report a post to the moderators", 201, "Report", "NewReport", "Idempotency-Key"},
    {"GET", "/api/v1/comments/{id}", "showComment", Access::anyone, &show_comment, "One comment", 200, "Comment"},
    {"PATCH", "/api/v1/comments/{id}", "editComment", Access::writer, &edit_comment,
     "Edit a comment of one's own; moderators any", 200, "Comment", "CommentEdit", "If-Match"},
    {"DELETE", "/api/v1/comments/{id}", "deleteComment", Access::writer, &remove_comment,
     "Delete a comment of one's own; moderators any", 204, "", "", "reason If-Match"},
    {"GET", "/api/v1/comments/{id}/history", "listCommentHistory", Access::anyone, &list_comment_history,
     "What a comment said before its edits", 200, "CommentHistory", "", "cursor limit"},
    {"PUT", "/api/v1/comments/{id}/vote", "voteOnComment", Access::writer, &vote_on_comment,
     "Vote 1 or -1, or 0 to take it back", 200, "Score", "Vote"},
    {"POST", "/api/v1/comments/{id}/restore", "restoreComment", Access::moderator, &restore_comment,
     "Bring back a deleted comment", 204, "", "", "reason"},
    {"POST", "/api/v1/comments/{id}/reports", "reportComment", Access::writer, &report_comment,
     "Report a comment to the moderators", 201, "Report", "NewReport", "Idempotency-Key"},
    {"GET", "/api/v1/search", "searchPosts", Access::anyone, &search_posts,
     "Search posts and comments, best first; excerpt holds the place of the first hit", 200, "FoundPage", "",
     "q cursor limit"},
    {"GET", "/api/v1/categories", "listCategories", Access::anyone, &list_categories, "All categories in their order",
     200, "Categories"},
    {"POST", "/api/v1/categories", "createCategory", Access::admin, &create_category, "Make a category", 201,
     "Category", "NewCategory", "Idempotency-Key"},
    {"PATCH", "/api/v1/categories/{slug}", "editCategory", Access::admin, &edit_category, "Change a category", 200,
     "Category", "CategoryEdit", "If-Match"},
    {"POST", "/api/v1/register", "register", Access::anyone, &register_account,
     "Register and log in; with the set-up token as the first admin", 201, "Tokens", "Registration", "Idempotency-Key"},
    {"POST", "/api/v1/login", "logIn", Access::anyone, &log_in, "Log in", 200, "Tokens", "Login"},
    {"POST", "/api/v1/refresh", "refresh", Access::anyone, &refresh_session,
     "New tokens for a refresh token, which works once; again within 30 seconds it gives the same one", 200, "Tokens",
     "Refresh"},
    {"POST", "/api/v1/logout", "logOut", Access::member, &log_out, "End this login", 204},
    {"POST", "/api/v1/logout-everywhere", "logOutEverywhere", Access::member, &log_out_everywhere,
     "End every login of this account", 204},
    {"GET", "/api/v1/me", "showMe", Access::member, &show_me, "One's own account", 200, "Me"},
    {"PATCH", "/api/v1/me", "editMe", Access::writer, &edit_me, "Change one's profile", 200, "Me", "ProfileEdit",
     "If-Match"},
    {"POST", "/api/v1/me/password", "changePassword", Access::member, &change_password,
     "Change the password; ends every login", 204, "", "PasswordChange"},
    {"GET", "/api/v1/me/marks", "listMarks", Access::member, &list_marks, "Own votes and unread marks for posts", 200,
     "Marks", "", "posts"},
    {"GET", "/api/v1/me/notifications", "listNotifications", Access::member, &list_notifications,
     "Replies and mentions", 200, "Notifications", "", "cursor limit"},
    {"POST", "/api/v1/me/notifications/read", "markNotificationsRead", Access::member, &mark_notifications_read,
     "Mark all notifications as read", 204},
    {"GET", "/api/v1/users/{username}", "showUser", Access::anyone, &show_user, "A user's profile", 200, "User"},
    {"GET", "/api/v1/users/{username}/posts", "listUserPosts", Access::anyone, &list_user_posts,
     "A user's posts, newest first", 200, "PostPage", "", "cursor limit"},
    {"PUT", "/api/v1/users/{username}/ban", "banUser", Access::moderator, &ban_user, "Ban a user for a time", 200,
     "User", "Ban"},
    {"DELETE", "/api/v1/users/{username}/ban", "unbanUser", Access::moderator, &unban_user, "Lift a ban", 200, "User",
     "", "reason"},
    {"PUT", "/api/v1/users/{username}/role", "setUserRole", Access::admin, &set_user_role,
     "Make somebody member, moderator or admin", 200, "User", "RoleChange"},
    {"GET", "/api/v1/reports", "listReports", Access::moderator, &list_reports, "Reports, newest first", 200, "Reports",
     "", "state cursor limit"},
    {"POST", "/api/v1/reports/{id}/resolve", "resolveReport", Access::moderator, &resolve_report, "Close a report", 200,
     "Report", "Resolution"},
    {"GET", "/api/v1/moderation-log", "listModerationLog", Access::moderator, &list_moderation_log,
     "What moderators did, newest first", 200, "Deeds", "", "cursor limit"},
    {"POST", "/api/v1/signing-keys", "rotateSigningKeys", Access::admin, &rotate_signing_keys,
     "Sign access tokens with a fresh key from now on", 201, "SigningKey"},
    {"GET", "/api/v1/openapi.json", "showOpenapi", Access::anyone, &show_openapi, "This document", 200, "Document"},
    {"GET", "/openapi.json", "openapiAtTheRoot", Access::anyone, &show_openapi},  // where tools look first
    {"GET", "/livez", "livez", Access::anyone, &show_livez, "Does the process answer", 200, "Alive"},
    {"GET", "/readyz", "readyz", Access::anyone, &show_readyz, "Should work be sent here; 503 when not", 200,
     "Readiness"},
    {"GET", "/startupz", "startupz", Access::anyone, &show_startupz, "Has it started", 200, "Alive"},
    {"GET", "/metrics", "metrics", Access::watchers, &show_metrics, "Prometheus metrics", 200, "Text"},
    {"GET", "/drain", "showDrain", Access::operators, &show_drain, "Requests and connections still in work", 200,
     "Drain"},
    {"POST", "/drain", "beginDrain", Access::operators, &begin_drain, "Become unready; what comes is still answered",
     200, "Drain"},
    {"DELETE", "/drain", "endDrain", Access::operators, &end_drain, "Become ready again", 200, "Drain"},
    {"GET", "/", "webPage", Access::anyone, &show_web_page},
    {"GET", "/web/{file}", "webFile", Access::anyone, &show_web_file},
};
// clang-format on

}  // namespace

std::span<const Endpoint> endpoints() {
    return kEndpoints;
}

}  // namespace forum
