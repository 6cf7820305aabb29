#include "control/admin/call/authenticate.h"

#include <fmt/format.h>

#include "config/text/spelling.h"
#include "control/admin/call/same_origin.h"
#include "proxy/base/log.h"
#include "proxy/http/characters.h"

namespace switchyard::control {
namespace {

using Access = AdminRoute::Access;

std::string_view needed(Access access) {
    return config::word(access == Access::admin ? config::Role::admin : config::Role::operate);
}

std::optional<Problem> by_token(Context& context, AdminRequest& request, AdminReply& refused) {
    // The right token first: a client that guesses beside it must not keep it out.
    const auto said = request.header("authorization");
    if (const auto identity = context.tokens.identify(said)) {
        request.who = identity->name;
        request.role = identity->role;
        return std::nullopt;
    }
    if (auto problem = guessed(context.failed, request, refused)) return problem;
    log_warn("admin call with a wrong token from {} on {}", request.from, request.path);
    return problems::unauthorized(
        said.size() > 7 && http::equals_lower(std::string_view(said).substr(0, 7), "bearer ")
            ? "this token is none of those that the running process knows: it may belong to another installation, or "
              "have been replaced since"
            : "the token must be sent as Authorization: Bearer TOKEN");
}

std::optional<Problem> by_session(Context& context, AdminRequest& request, std::string_view cookie) {
    if (auto problem = foreign_page(request, context.controller.model().process.admin)) return problem;
    const auto found = context.sessions.find(cookie, request.header("x-csrf-token"), std::chrono::steady_clock::now());
    if (!found) return problems::unauthorized("this session has ended: log in again");
    if (!found->proven)
        return problems::unauthorized(
            "a call by a session needs its X-CSRF-Token beside the cookie: it came with the session's beginning");
    request.who = found->who.name;
    request.role = found->who.role;
    request.session = std::string(cookie);
    request.session_left = found->left;
    return std::nullopt;
}

// A browser shows a certificate by itself, whatever page makes it call: what goes for its cookie goes for that.
std::optional<Problem> by_certificate(Context& context, AdminRequest& request) {
    const auto& admin = context.controller.model().process.admin;
    if (auto problem = foreign_page(request, admin)) return problem;
    if (request.certificate_is_over)
        return problems::unauthorized(
            "the certificate has ended, or what certificates are checked by has changed since this connection began: "
            "call again on a new connection");
    const auto& claims = *request.certificate;
    if (claims.value("client.verified") != "true")
        return problems::unauthorized(fmt::format(
            "the certificate was refused: {}; send a token, or another certificate", claims.value("client.error")));
    const auto is = [&](std::string_view claim, const std::string& wanted) {
        return !wanted.empty() && claims.value(claim) == wanted;
    };
    for (const auto& client : admin.clients) {
        if (!is("client.uri", client.uri) && !is("client.dns", client.dns) &&
            !is("client.fingerprint", client.fingerprint))
            continue;
        request.who = client.uri + client.dns + client.fingerprint;
        request.role = client.role;
        return std::nullopt;
    }
    return problems::unauthorized(
        fmt::format("the certificate of {} is none of process.admin.clients, and there is no token",
                    claims.value("client.subject")));
}

}  // namespace

std::optional<Problem> guessed(FailedAttempts& failed, const AdminRequest& request, AdminReply& refused) {
    const auto now = std::chrono::steady_clock::now();
    if (!failed.may_try(request.from, now)) {
        refused.headers.emplace_back("Retry-After", std::to_string(FailedAttempts::kRefill.count()));
        return Problem(429, "too-many-attempts",
                       "too many wrong tokens from this address; a right one is answered all the same");
    }
    failed.failed(request.from, now);
    return std::nullopt;
}

std::optional<Problem> authenticate(Context& context, AdminRequest& request, Access access, AdminReply& refused) {
    const auto cookies = request.header("cookie");
    if (!request.header("authorization").empty()) {
        if (auto problem = by_token(context, request, refused)) return problem;
    } else if (const auto cookie = cookie_of(cookies, context.sessions.cookie_name()); !cookie.empty()) {
        if (auto problem = by_session(context, request, cookie)) return problem;
    } else if (request.certificate != nullptr && !request.certificate->value("client.verified").empty() &&
               (request.certificate->value("client.verified") == "true" ||
                !request.certificate->value("client.error").empty())) {
        if (auto problem = by_certificate(context, request)) return problem;
    } else {
        return problems::unauthorized(
            "there is no token: send Authorization: Bearer TOKEN; a local installation keeps its token in "
            "<state_dir>/admin.token");
    }
    if (!allowed(request.role, access))
        return problems::forbidden(fmt::format("token {} has the role {}; this call needs {}", request.who,
                                               config::word(request.role), needed(access)));
    return std::nullopt;
}

}  // namespace switchyard::control
