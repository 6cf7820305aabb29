// POST /v1/routes/{route}/switch · PUT /v1/routes/{route}/split
#include "control/admin/change_call.h"
#include "control/admin/edit_body.h"
#include "control/admin/handlers.h"

namespace switchyard::control::handlers {

void switch_route(Context& context, const AdminRequest& request, Respond respond) {
    auto change = change_call(context, request, "switch");
    if (!change) return respond(reply(change.error()));
    const auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    BodyReader body(*parsed, "", {"to", "require", "force", "confirm_within", "drain"});
    read_change_options(body, *change);
    change->edit = read_switch(body, request.places[0]);
    if (const auto problem = body.problem()) return respond(reply(*problem));
    context.controller.change(std::move(*change), answer_with(std::move(respond)));
}

void put_split(Context& context, const AdminRequest& request, Respond respond) {
    auto change = change_call(context, request, "split");
    if (!change) return respond(reply(change.error()));
    const auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    auto edit = read_split(*parsed, "", request.places[0]);
    if (!edit) return respond(reply(edit.error()));
    change->edit = std::move(*edit);
    context.controller.change(std::move(*change), answer_with(std::move(respond)));
}

}  // namespace switchyard::control::handlers
