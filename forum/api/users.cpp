#include "forum/api/users.h"

#include "forum/api/entity_tag.h"
#include "forum/api/item_page.h"
#include "forum/api/json_input.h"
#include "forum/api/post_json.h"
#include "forum/api/throttle.h"
#include "forum/domain/account_rules.h"
#include "forum/store/post_lists.h"
#include "forum/store/sessions.h"

namespace forum {

namespace {

Answer me_answer(const Account& account) {
    JsonText json;
    json.begin_object().key("user");
    write_user(json, account);
    json.key("ban");
    if (account.banned_until > now()) {
        json.begin_object()
            .key("until")
            .instant(account.banned_until)
            .member("reason", account.ban_reason)
            .end_object();
    } else {
        json.null();
    }
    json.end_object();
    Answer answer = json_answer(200, json.take());
    answer.etag = versioned_tag(account.edit_version, answer.body);
    answer.headers.emplace_back("Cache-Control", "private, no-cache");
    return answer;
}

[[noreturn]] void refuse_password() {
    refuse(403, "wrong-password", "the current password is not right", {{"/current_password", "is not right"}});
}

}  // namespace

void write_user(JsonText& json, const Account& account) {
    json.begin_object()
        .member("id", account.public_id)
        .member("username", account.username)
        .member("display_name", account.display_name)
        .member("about", account.about)
        .member("role", name_of(account.role))
        .key("created_at")
        .instant(account.created_at)
        .end_object();
}

Answer show_me(Service& service, const Call& call) {
    return service.store.readers.with(
        [&](Connection& connection) { return me_answer(account_at(connection, call.caller.row).value()); });
}

Answer edit_me(Service& service, const Call& call) {
    JsonInput input(call);
    const auto display_name = input.maybe_text("display_name");
    const auto about = input.maybe_text("about");
    if (display_name) check_display_name(*display_name, input.errors());
    if (about) check_about(*about, input.errors());
    input.finish();
    return run_change(service, call, [&](Connection& connection) {
        const Account account = account_at(connection, call.caller.row).value();
        if (!call.if_match.empty() && !version_matches(call.if_match, account.edit_version)) {
            refuse(412, "edited-meanwhile", "the profile was changed meanwhile; read it again");
        }
        set_profile(connection, account.row, display_name.value_or(account.display_name),
                    about.value_or(account.about));
        return me_answer(account_at(connection, account.row).value());
    });
}

Answer change_password(Service& service, const Call& call) {
    JsonInput input(call);
    const std::string current = input.text("current_password");
    const std::string fresh = input.text("new_password");
    if (input.errors().empty()) check_password(fresh, call.caller.username, "/new_password", input.errors());
    input.finish();
    // A stolen token must not be a way around the throttle of logins.
    const Attempt attempt = throttled_attempt(service, call, call.caller.username);
    const Account account = service.store.readers.with(
        [&](Connection& connection) { return account_at(connection, call.caller.row).value(); });
    if (!service.hasher.verify(current, account.password_hash, attempt)) refuse_password();
    const std::string hash = service.hasher.hash(fresh);
    service.store.writer.run([&](Connection& connection) {
        // Of two changes at the same time the second one knows an old password only.
        if (account_at(connection, account.row).value().password_hash != account.password_hash) refuse_password();
        set_password_hash(connection, account.row, hash);
        // All that knew the old password are out, on every device.
        revoke_sessions_of(connection, account.row, now());
    });
    return json_answer(204, "");
}

Answer show_user(Service& service, const Call& call) {
    return service.store.readers.with([&](Connection& connection) {
        const auto account = account_named(connection, call.arguments.at(0));
        if (!account) refuse_not_found("user");
        JsonText json;
        write_user(json, *account);
        return json_answer(200, json.take());
    });
}

Answer list_user_posts(Service& service, const Call& call) {
    const int limit = page_limit(call);
    return service.store.readers.with([&](Connection& connection) {
        const auto account = account_named(connection, call.arguments.at(0));
        if (!account) refuse_not_found("user");
        const std::string list = "user:" + account->public_id;
        std::vector<Post> posts =
            posts_by_author(connection, account->row, row_before(service.cursors, call, list), limit + 1);
        return items_page(
            service.cursors, list, posts, limit,
            [](const Post& last) {
                return Cursor{"", last.row};
            },
            &write_listed_post);
    });
}

}  // namespace forum
