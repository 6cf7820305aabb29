// POST /v1/routes/{route}/hold · POST /v1/routes/{route}/resume
#include "control/admin/call/change_call.h"
#include "control/admin/call/edit_body.h"
#include "control/admin/handlers/handlers.h"

namespace switchyard::control::handlers {

void hold_route(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "hold");
    if (!change) return respond(reply(change.error()));
    const auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    CallBody body(*parsed, "", {"for", "limit", "respond", "drain"});
    read_change_options(body, *change);
    change->edit = read_hold(body, request.places[0]);
    if (const auto problem = body.problem()) return respond(reply(*problem));
    desk.controller.change(std::move(*change), answer_with(std::move(respond)));
}

void resume_route(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "resume");
    if (!change) return respond(reply(change.error()));
    const auto parsed = parse_body(request, true);
    if (!parsed) return respond(reply(parsed.error()));
    const CallBody body(*parsed, "", {});
    if (const auto problem = body.problem()) return respond(reply(*problem));
    change->edit = read_resume(request.places[0]);
    desk.controller.change(std::move(*change), answer_with(std::move(respond)));
}

}  // namespace switchyard::control::handlers
