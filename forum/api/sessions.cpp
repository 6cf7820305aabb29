#include "forum/api/sessions.h"

#include "forum/api/json_input.h"
#include "forum/api/json_text.h"
#include "forum/api/throttle.h"
#include "forum/api/users.h"
#include "forum/auth/digest.h"
#include "forum/domain/account_rules.h"
#include "forum/store/idempotency.h"
#include "forum/store/sessions.h"

namespace forum {

namespace {

constexpr std::size_t kRefreshTokenBytes = 32;
// One that lost the answer, or has a second tab, sends the same token again within this; a thief seldom is as fast.
constexpr Instant kRefreshGrace = 30 * kSecond;

struct Tokens {
    std::string access;
    std::string refresh;
};

std::string access_token_for(Service& service, const Session& session, Instant at) {
    return sign_access_token(service.keys.newest(), {session.public_id, at, at + service.limits.access_life});
}

// The token that follows one is made of it and a secret, so the same question has the same answer and only its hash is
// kept. The text begins with a word of its own, like every use of this secret.
std::string successor_of(const SigningKey& key, std::string_view refresh_token) {
    return base64url(hmac_sha256(key.secret, "forum refresh\n" + std::string(refresh_token)));
}

Tokens first_tokens(Service& service, Connection& connection, const Session& session, Instant at) {
    Tokens tokens{access_token_for(service, session, at), base64url(random_bytes(kRefreshTokenBytes))};
    add_refresh_token(connection, session.row, sha256_hex(tokens.refresh), at);
    return tokens;
}

// What was answered when this token was used, if that was a moment ago.
std::optional<Tokens> tokens_again(Service& service, Connection& connection, const RefreshToken& used,
                                   std::string_view refresh_token, Instant at) {
    if (at - *used.used_at > kRefreshGrace) return std::nullopt;
    for (const SigningKey& key : service.keys.all()) {
        const std::string successor = successor_of(key, refresh_token);
        const auto found = refresh_token_with(connection, sha256_hex(successor));
        if (found && found->session.row == used.session.row) {
            return Tokens{access_token_for(service, used.session, at), successor};
        }
    }
    return std::nullopt;
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
    return tokens_answer(service, status, account, first_tokens(service, connection, session, at));
}

// Only the key is kept, with the account: what was answered holds secrets, and what was asked a password.
std::string kept_registration(const Call& call) {
    return "register:" + call.idempotency_key.value_or("");
}

[[noreturn]] void refuse_taken() {
    refuse(409, "name-taken", "this user name is taken", {{"/username", "is taken"}});
}

// A retry of a registration whose answer was lost: the same key and the right password open a login.
Answer register_again(Service& service, const Call& call, const Account& account, const std::string& password) {
    if (!call.idempotency_key) refuse_taken();
    const bool kept = service.store.readers.with([&](Connection& connection) {
        return kept_answer(connection, account.row, kept_registration(call)).has_value();
    });
    if (!kept) refuse_taken();
    if (!service.hasher.verify(password, account.password_hash, throttled_attempt(service, call, account.username))) {
        refuse_taken();
    }
    Answer answer;
    service.store.writer.run([&](Connection& connection) { answer = open_login(service, connection, 201, account); });
    answer.location = "/api/v1/users/" + account.username;
    answer.headers.emplace_back("Idempotency-Replayed", "true");
    return answer;
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
        if (setup_token.empty()) check_not_reserved(username, input.errors());
        check_password(password, username, "/password", input.errors());
    }
    input.finish();
    if (call.idempotency_key) check_idempotency_key(*call.idempotency_key);
    throttle_registration(service, call);
    auto taken =
        service.store.readers.with([&](Connection& connection) { return account_named(connection, username); });
    if (taken) return register_again(service, call, *taken, password);
    const std::string hash = service.hasher.hash(password);
    Answer answer;
    service.store.writer.run([&](Connection& connection) {
        taken = account_named(connection, username);
        if (taken) return;
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
        if (call.idempotency_key) {
            keep_answer(connection, account.row, kept_registration(call), {"", 201, "", answer.location, ""}, now());
        }
    });
    if (taken) return register_again(service, call, *taken, password);
    remember_good_login(service, call, username);
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
    const std::string presented = input.text("refresh_token");
    input.finish();
    const std::string hash = sha256_hex(presented);
    Answer answer;
    service.store.writer.run([&](Connection& connection) {
        const Instant at = now();
        const auto token = refresh_token_with(connection, hash);
        if (!token || token->session.revoked || token->session.expires_at <= at) {
            answer = problem(401, "invalid-refresh-token", "this refresh token is not valid; log in again");
            return;
        }
        if (token->used_at) {
            if (const auto tokens = tokens_again(service, connection, *token, presented, at)) {
                answer = tokens_answer(service, 200, account_at(connection, token->session.user).value(), *tokens);
                return;
            }
            // Two holders: one of them is a thief, and it is not known which. The change stands, so no Refusal here.
            revoke_session(connection, token->session.row, at);
            answer = problem(401, "refresh-token-reused",
                             "this refresh token was used before, so the session has been ended; log in again");
            return;
        }
        mark_refresh_token_used(connection, hash, at);
        const Account account = account_at(connection, token->session.user).value();
        const Tokens tokens{access_token_for(service, token->session, at),
                            successor_of(service.keys.newest(), presented)};
        add_refresh_token(connection, token->session.row, sha256_hex(tokens.refresh), at);
        answer = tokens_answer(service, 200, account, tokens);
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
