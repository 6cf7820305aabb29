#include "forum/api/authenticate.h"

#include <utility>

#include "forum/auth/digest.h"
#include "forum/domain/ascii.h"
#include "forum/store/sessions.h"

namespace forum {

namespace {

constexpr std::string_view kBearer = "bearer ";

[[noreturn]] void refuse_token() {
    refuse(401, "invalid-token", "the access token is not valid or has expired; refresh it or log in again");
}

// Empty for anything else. The scheme's case does not count (RFC 9110 §11.1).
std::string_view bearer_token(std::string_view authorization) {
    if (!equals_in_any_case(authorization.substr(0, kBearer.size()), kBearer)) return {};
    return authorization.substr(kBearer.size());
}

}  // namespace

Caller authenticate(Service& service, const Call& call) {
    if (call.authorization.empty()) return {};
    const std::string_view token = bearer_token(call.authorization);
    const auto kid = kid_of(token);
    if (!kid) refuse_token();
    const auto key = service.keys.named(*kid);
    if (!key) refuse_token();
    const Instant at = now();
    const auto claims = verify_access_token(*key, token, at);
    if (!claims) refuse_token();
    auto session = service.store.readers.with_statement(
        [&](Connection& connection) { return live_session(connection, claims->session, at); });
    if (!session) refuse_token();
    return {session->user, session->row, std::move(session->username), session->role, session->banned_until > at};
}

void require_access(Access access, const Caller& caller) {
    switch (judge(access, caller.role, caller.banned)) {
        case Verdict::allowed:
            return;
        case Verdict::login_needed:
            refuse(401, "login-needed", "this needs a login");
        case Verdict::banned:
            refuse(403, "banned", "this account is banned; GET /api/v1/me says until when and why");
        case Verdict::forbidden:
            refuse(403, "forbidden", "this account may not do that");
    }
}

bool is_watcher(const Service& service, const Call& call) {
    if (call.direct) return true;
    return !service.limits.operator_token.empty() &&
           equal_in_constant_time(bearer_token(call.authorization), service.limits.operator_token);
}

void require_watcher(const Service& service, const Call& call) {
    if (is_watcher(service, call)) return;
    if (!service.limits.operator_token.empty()) refuse(401, "operator-token-needed", "this needs the operator token");
    refuse(403, "forbidden", "without a configured operator token this answers to the machine itself only");
}

void require_operator(const Service& service, const Call& call) {
    if (service.limits.operator_token.empty()) {
        if (call.direct) return;
        refuse(403, "forbidden", "without a configured operator token this answers to the machine itself only");
    }
    if (!equal_in_constant_time(bearer_token(call.authorization), service.limits.operator_token)) {
        refuse(401, "operator-token-needed", "this needs the operator token");
    }
}

}  // namespace forum
