#include "forum/api/sessions.h"

#include "forum/api/json_input.h"
#include "forum/api/json_text.h"
#include "forum/api/throttle.h"
#include "forum/api/users.h"
#include "forum/auth/digest.h"
#include "forum/domain/account_rules.h"
#include "forum/store/sessions.h"

namespace forum {

namespace {

constexpr std::size_t kRefreshTokenBytes = 32;

struct Tokens {
    std::string access;
    std::string refresh;
};

Tokens issue_tokens(Service& service, Connection& connection, const Session& session, Instant at) {
    Tokens tokens;
    tokens.access = sign_access_token(service.keys.newest(), {session.public_id, at, at + service.limits.access_life});
    tokens.refresh = base64url(random_bytes(kRefreshTokenBytes));
    add_refresh_token(connection, session.row, sha256_hex(tokens.refresh), at);
    return tokens;
}

Answer tokens_answer(const Service& service, int status, const Account& account, const Tokens& tokens) {
    JsonText json;
    json.begin_object()
        .member("access_token", tokens.access)
        .member("token_type", "Bearer")
        .member("expires_in", service.limits.access_life / kSecond)
        .member("refresh_token", tokens.refresh)
        .key("user");
    write_user(json, account);
    json.end_object();
    Answer answer = json_answer(status, json.take());
    answer.headers.emplace_back("Cache-Control", "no-store");
    return answer;
}

Answer open_login(Service& service, Connection& connection, int status, const Account& account) {
    const Instant at = now();
    const Session session = open_session(connection, account.row, at, at + service.limits.refresh_life);
    return tokens_answer(service, status, account, issue_tokens(service, connection, session, at));
}

[[noreturn]] void refuse_login() {
    refuse(401, "wrong-login", "user name and password do not belong together");
}

}  // namespace

Answer register_account(Service& service, const Call& call) {
    JsonInput input(call);
    const std::string username = input.text("username");
    const std::string password = input.text("password");
    const std::string setup_token = input.maybe_text("setup_token").value_or("");
    if (input.errors().empty()) {
        check_username(username, input.errors());
        check_password(password, username, "/password", input.errors());
    }
    input.finish();
    throttle_registration(service, call);
    const std::string hash = service.hasher.hash(password);
    Answer answer;
    service.store.writer.run([&](Connection& connection) {
        if (account_named(connection, username)) {
            refuse(409, "name-taken", "this user name is taken", {{"/username", "is taken"}});
        }
        Role role = Role::member;
        if (!setup_token.empty()) {
            if (!use_setup_token(connection, sha256_hex(setup_token))) {
                refuse(403, "bad-setup-token", "this set-up token is not valid, or there is an admin already",
                       {{"/setup_token", "is not valid"}});
            }
            role = Role::admin;
        }
        const Account account = add_account(connection, username, hash, role, now());
        answer = open_login(service, connection, 201, account);
        answer.location = "/api/v1/users/" + account.username;
    });
    return answer;
}

Answer log_in(Service& service, const Call& call) {
    JsonInput input(call);
    const std::string username = input.text("username");
    const std::string password = input.text("password");
    input.finish();
    const Attempt attempt = throttled_attempt(service, call, username);
    const auto account =
        service.store.readers.with([&](Connection& connection) { return account_named(connection, username); });
    bool right = false;
    if (account && password.size() <= kPasswordMax * 4) {
        right = service.hasher.verify(password, account->password_hash, attempt);
    } else {
        service.hasher.verify_nothing(password.substr(0, kPasswordMax), attempt);
    }
    if (!right) refuse_login();
    Answer answer;
    service.store.writer.run([&](Connection& connection) {
        // Hashing takes long: a password that was changed meanwhile opens nothing any more.
        const auto current = account_at(connection, account->row);
        if (!current || current->password_hash != account->password_hash) refuse_login();
        answer = open_login(service, connection, 200, *current);
    });
    return answer;
}

Answer refresh_session(Service& service, const Call& call) {
    JsonInput input(call);
    const std::string hash = sha256_hex(input.text("refresh_token"));
    input.finish();
    Answer answer;
    service.store.writer.run([&](Connection& connection) {
        const Instant at = now();
        const auto token = refresh_token_with(connection, hash);
        if (!token || token->session.revoked || token->session.expires_at <= at) {
            answer = problem(401, "invalid-refresh-token", "this refresh token is not valid; log in again");
            return;
        }
        if (token->used) {
            // Two holders: one of them is a thief, and nobody can tell which. The change stands, so no Refusal here.
            revoke_session(connection, token->session.row, at);
            answer = problem(401, "refresh-token-reused",
                             "this refresh token was used before, so the session has been ended; log in again");
            return;
        }
        mark_refresh_token_used(connection, hash, at);
        const Account account = account_at(connection, token->session.user).value();
        answer = tokens_answer(service, 200, account, issue_tokens(service, connection, token->session, at));
    });
    return answer;
}

Answer log_out(Service& service, const Call& call) {
    service.store.writer.run([&](Connection& connection) { revoke_session(connection, call.caller.session, now()); });
    return json_answer(204, "");
}

Answer log_out_everywhere(Service& service, const Call& call) {
    service.store.writer.run([&](Connection& connection) { revoke_sessions_of(connection, call.caller.row, now()); });
    return json_answer(204, "");
}

}  // namespace forum
