#include "control/admin/call/dispatch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "control/admin/call/authenticate.h"
#include "control/admin/call/change_call.h"
#include "control/admin/call/page_reply.h"
#include "control/admin/call/repeated_replies.h"
#include "control/admin/call/route_table.h"
#include "proxy/base/log.h"

namespace switchyard::control {
namespace {

// A mistyped dry_run must not be the real thing.
std::optional<Problem> unknown_query(const AdminRoute& route, const AdminRequest& request) {
    if (!request.repeated.empty())
        return problems::bad_request(fmt::format("?{} is there twice; nothing was done", request.repeated));
    if (route.method == "GET") return std::nullopt;
    for (const auto& [name, value] : request.query) {
        if (name == "dry_run" && route.knows_dry_run()) continue;
        if (route.asks(name)) continue;
        if (name == "force" && route.knows_force()) continue;
        return problems::bad_request(fmt::format("there is no ?{} here; {} knows {}; nothing was done", name,
                                                 request.path,
                                                 route.knows_dry_run() ? "?dry_run=true, ?force=true and no other"
                                                 : route.knows_force() ? "?force=true and no other, and has no dry run"
                                                                       : "no query, and has no dry run"));
    }
    return std::nullopt;
}

}  // namespace

void dispatch(Context& context, AdminRequest request, Respond respond) {
    if (auto page = page_reply(context, request)) return respond(std::move(*page));
    auto found = match(request.method, request.path);
    const bool open = found.route != nullptr && found.route->access == Access::open;
    if (!open) {
        // Before anything is said about which paths there are.
        AdminReply refused;
        const auto access = found.route == nullptr ? Access::viewer : found.route->access;
        if (auto problem = authenticate(context, request, access, refused)) {
            auto answer = reply(*problem);
            answer.headers.insert(answer.headers.end(), refused.headers.begin(), refused.headers.end());
            return respond(std::move(answer));
        }
    }
    if (found.route == nullptr) {
        if (found.allowed.empty())
            return respond(reply(problems::not_found("there is no " + request.path +
                                                     "; GET /v1/openapi.json lists "
                                                     "every call")));
        auto answer = reply(Problem(405, "method-not-allowed",
                                    fmt::format("{} takes {}", request.path, fmt::join(found.allowed, ", "))));
        answer.headers.emplace_back("Allow", fmt::format("{}", fmt::join(found.allowed, ", ")));
        return respond(std::move(answer));
    }
    request.places = std::move(found.places);
    if (const auto problem = unknown_query(*found.route, request)) return respond(reply(*problem));
    if (found.route->acts()) {
        if (const auto problem = unfit_labels(request)) return respond(reply(*problem));
        // What a caller says must not be passed over: there is nothing here that would read it.
        if (found.route->body.empty() && !request.body.empty() && request.body != "{}")
            return respond(reply(problems::bad_request(request.path + " takes no body; nothing was done")));
    }
    if (found.route->acts() && !found.route->change) {
        const auto dry_run = wants_dry_run(request);
        if (!dry_run) return respond(reply(dry_run.error()));
        // A dry run does nothing that could be done twice, and is not the call that its key stands for.
        if (!*dry_run && context.replies.answered_before(request, respond)) return;
    }
    // One call, one answer, even when a handler throws after it has answered.
    auto once = std::make_shared<Respond>(std::move(respond));
    const auto answer = [once](AdminReply r) {
        if (auto first = std::exchange(*once, nullptr)) first(std::move(r));
    };
    try {
        found.route->handler(context, request, answer);
    } catch (const std::exception& e) {
        log_error("admin call {} {} failed: {}", request.method, request.path, e.what());
        answer(reply(problems::internal(fmt::format("the call failed: {}", e.what()))));
    }
}

}  // namespace switchyard::control
