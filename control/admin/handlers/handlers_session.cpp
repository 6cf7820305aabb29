// POST, GET, DELETE /v1/session · POST /v1/session/code · POST /v1/session/exchange
#include <fmt/format.h>

#include "config/text/spelling.h"
#include "control/admin/call/authenticate.h"
#include "control/admin/call/body.h"
#include "control/admin/call/same_origin.h"
#include "control/admin/call/speaks_tls.h"
#include "control/admin/handlers/handlers.h"

namespace switchyard::control::handlers {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

const config::Admin& admin_of(const SessionDesk& desk) {
    return desk.controller.model().process.admin;
}

Json identity_view(const std::string& who, config::Role role) {
    return {{"name", who}, {"role", config::word(role)}};
}

std::string cookie_field(const SessionDesk& desk, const std::string& value, std::chrono::seconds life) {
    return fmt::format("{}={}; Path=/v1; Max-Age={}; HttpOnly; SameSite=Strict{}", desk.sessions.cookie_name(), value,
                       life.count(), speaks_tls(admin_of(desk)) ? "; Secure" : "");
}

AdminReply begun(const SessionDesk& desk, const Identity& who) {
    const auto session = desk.sessions.begin(who, steady_clock::now());
    Json out = identity_view(who.name, who.role);
    out["by"] = "session";
    out["csrf_token"] = session.proof;
    out["expires_at"] = timestamp(system_clock::now() + BrowserSessions::kLife);
    auto answer = reply(out, 201);
    answer.headers.emplace_back("Set-Cookie", cookie_field(desk, session.cookie, BrowserSessions::kLife));
    return answer;
}

// A session that could begin others would have no end.
std::optional<Problem> not_by_token(const AdminRequest& request) {
    if (request.session.empty()) return std::nullopt;
    return problems::forbidden("this call needs a token, and was made by a session");
}

}  // namespace

void begin_session(const SessionDesk& desk, const AdminRequest& request, Respond respond) {
    if (const auto problem = foreign_page(request, admin_of(desk))) return respond(reply(*problem));
    if (const auto problem = not_by_token(request)) return respond(reply(*problem));
    respond(begun(desk, {request.who, request.role}));
}

void get_session(const SessionDesk&, const AdminRequest& request, Respond respond) {
    Json out = identity_view(request.who, request.role);
    out["by"] = request.session.empty() ? "token" : "session";
    if (!request.session.empty()) out["expires_at"] = timestamp(system_clock::now() + request.session_left);
    respond(reply(out));
}

void end_session(const SessionDesk& desk, const AdminRequest& request, Respond respond) {
    Json out = identity_view(request.who, request.role);
    out["ended"] = !request.session.empty();
    if (!request.session.empty()) desk.sessions.end(request.session);
    auto answer = reply(out);
    if (!request.session.empty())
        answer.headers.emplace_back("Set-Cookie", cookie_field(desk, "", std::chrono::seconds(0)));
    respond(std::move(answer));
}

void make_session_code(const SessionDesk& desk, const AdminRequest& request, Respond respond) {
    if (const auto problem = not_by_token(request)) return respond(reply(*problem));
    const auto code = desk.sessions.make_code({request.who, request.role}, steady_clock::now());
    Json out = identity_view(request.who, request.role);
    out["code"] = code;
    out["expires_at"] = timestamp(system_clock::now() + BrowserSessions::kCodeLife);
    respond(reply(out, 201));
}

void exchange_session_code(const SessionDesk& desk, const AdminRequest& request, Respond respond) {
    if (const auto problem = foreign_page(request, admin_of(desk))) return respond(reply(*problem));
    const auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    CallBody body(*parsed, "", {"code"});
    const auto code = body.required_text("code");
    if (const auto problem = body.problem()) return respond(reply(*problem));
    if (const auto who = desk.sessions.redeem(code, steady_clock::now())) return respond(begun(desk, *who));
    AdminReply refused;
    auto problem = guessed(desk.failed, request, refused);
    if (!problem)
        problem = problems::unauthorized(
            fmt::format("this code is none, was used, or is older than {} s: switchyard ui makes another one",
                        BrowserSessions::kCodeLife.count()));
    auto answer = reply(*problem);
    answer.headers.insert(answer.headers.end(), refused.headers.begin(), refused.headers.end());
    respond(std::move(answer));
}

}  // namespace switchyard::control::handlers
