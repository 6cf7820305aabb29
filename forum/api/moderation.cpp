#include "forum/api/moderation.h"

#include "forum/api/comments.h"
#include "forum/api/item_page.h"
#include "forum/api/json_input.h"
#include "forum/api/posts.h"
#include "forum/api/users.h"
#include "forum/domain/content_rules.h"
#include "forum/store/moderation.h"

namespace forum {

namespace {

using PostChange = void (*)(Connection&, const Post&);

Answer change_post(Service& service, const Call& call, std::string_view deed, PostChange change) {
    const std::string reason = reason_of(call);
    return run_change(service, call, [&](Connection& connection) {
        const Post post = post_to_show(connection, call);
        change(connection, post);
        log_deed(connection, call.caller.row, deed, post.public_id, reason, now());
        return json_answer(204, "");
    });
}

// Moderators keep each other in check only through admins.
Account account_below(Connection& connection, const Call& call) {
    // Of two admins who take each other's role at the same time the second is none any more, so one is left.
    const auto caller = account_at(connection, call.caller.row);
    if (!caller || caller->role != call.caller.role) refuse(403, "forbidden", "this account's role has just changed");
    auto account = account_named(connection, call.arguments.at(0));
    if (!account) refuse_not_found("user");
    if (account->row == call.caller.row) refuse(409, "oneself", "nobody does this to their own account");
    if (reaches(account->role, call.caller.role) && call.caller.role != Role::admin) {
        refuse(403, "forbidden", "this account is not below yours");
    }
    return *account;
}

Answer user_answer(Connection& connection, std::int64_t row) {
    JsonText json;
    write_user(json, account_at(connection, row).value());
    return json_answer(200, json.take());
}

void write_deed(JsonText& json, const Deed& deed) {
    json.begin_object()
        .member("actor", deed.actor)
        .member("action", deed.action)
        .member("subject", deed.subject)
        .member("reason", deed.reason)
        .key("created_at")
        .instant(deed.created_at)
        .end_object();
}

}  // namespace

std::string reason_of(const Call& call) {
    const std::string reason = call.parameter("reason").value_or("");
    FieldErrors errors;
    if (!reason.empty()) check_reason(reason, errors);
    if (!errors.empty()) refuse(400, "bad-parameter", "reason " + errors[0].detail);
    return reason;
}

Answer pin_post(Service& service, const Call& call) {
    return change_post(service, call, "pin post", [](Connection& c, const Post& post) { set_pinned(c, post, true); });
}

Answer purge_post_history(Service& service, const Call& call) {
    return change_post(service, call, "purge history of post", &purge_post_history);
}

Answer purge_comment_history(Service& service, const Call& call) {
    const std::string reason = reason_of(call);
    return run_change(service, call, [&](Connection& connection) {
        const Comment comment = comment_to_show(connection, call);
        purge_comment_history(connection, comment);
        log_deed(connection, call.caller.row, "purge history of comment", comment.public_id, reason, now());
        return json_answer(204, "");
    });
}

Answer unpin_post(Service& service, const Call& call) {
    return change_post(service, call, "unpin post",
                       [](Connection& c, const Post& post) { set_pinned(c, post, false); });
}

Answer lock_post(Service& service, const Call& call) {
    return change_post(service, call, "lock post", [](Connection& c, const Post& post) { set_locked(c, post, true); });
}

Answer unlock_post(Service& service, const Call& call) {
    return change_post(service, call, "unlock post",
                       [](Connection& c, const Post& post) { set_locked(c, post, false); });
}

Answer restore_post(Service& service, const Call& call) {
    return change_post(service, call, "restore post", [](Connection& c, const Post& post) {
        if (post.deleted) restore_post(c, post);
    });
}

Answer restore_comment(Service& service, const Call& call) {
    const std::string reason = reason_of(call);
    return run_change(service, call, [&](Connection& connection) {
        const Comment comment = comment_to_show(connection, call);
        if (comment.deleted) restore_comment(connection, comment);
        log_deed(connection, call.caller.row, "restore comment", comment.public_id, reason, now());
        return json_answer(204, "");
    });
}

Answer ban_user(Service& service, const Call& call) {
    JsonInput input(call);
    const std::string reason = input.text("reason");
    const std::string until_text = input.text("until");
    if (input.errors().empty()) check_reason(reason, input.errors());
    const auto until = instant_from(until_text);
    if (input.errors().empty() && (!until || *until <= now())) {
        input.errors().push_back({"/until", "must be a time to come, like 2027-01-31T00:00:00Z"});
    }
    input.finish();
    return run_change(service, call, [&](Connection& connection) {
        const Account account = account_below(connection, call);
        set_ban(connection, account.row, *until, reason);
        log_deed(connection, call.caller.row, "ban user", account.username, reason, now());
        return user_answer(connection, account.row);
    });
}

Answer unban_user(Service& service, const Call& call) {
    const std::string reason = reason_of(call);
    return run_change(service, call, [&](Connection& connection) {
        const Account account = account_below(connection, call);
        set_ban(connection, account.row, 0, "");
        log_deed(connection, call.caller.row, "unban user", account.username, reason, now());
        return user_answer(connection, account.row);
    });
}

Answer set_user_role(Service& service, const Call& call) {
    JsonInput input(call);
    const auto role = role_named(input.text("role"));
    if (input.errors().empty() && (!role || *role == Role::guest)) {
        input.errors().push_back({"/role", "must be member, moderator or admin"});
    }
    input.finish();
    return run_change(service, call, [&](Connection& connection) {
        // No one changes their own role, so there is always an admin left: the one who calls.
        const Account account = account_below(connection, call);
        set_role(connection, account.row, *role);
        log_deed(connection, call.caller.row, "make user " + std::string(name_of(*role)), account.username, "", now());
        return user_answer(connection, account.row);
    });
}

Answer rotate_signing_keys(Service& service, const Call& call) {
    // Tokens signed a moment ago live for a whole access life; other processes notice the new key within seconds.
    const SigningKey key = service.keys.rotate(service.limits.access_life + kMinute);
    service.store.writer.run([&](Connection& connection) {
        log_deed(connection, call.caller.row, "rotate signing keys", key.kid, "", now());
    });
    JsonText json;
    json.begin_object().member("kid", key.kid).end_object();
    return json_answer(201, json.take());
}

Answer list_moderation_log(Service& service, const Call& call) {
    const int limit = page_limit(call);
    const std::int64_t before = row_before(service.cursors, call, "moderation-log");
    return service.store.readers.with([&](Connection& connection) {
        std::vector<Deed> deeds = list_deeds(connection, before, limit + 1);
        return items_page(
            service.cursors, "moderation-log", deeds, limit,
            [](const Deed& last) {
                return Cursor{"", last.row};
            },
            &write_deed);
    });
}

}  // namespace forum
