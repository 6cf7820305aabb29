// PUT, DELETE /v1/routes/{route} · …/rules/{rule} · /v1/upstreams/{upstream}
#include "control/admin/call/change_call.h"
#include "control/admin/handlers/handlers.h"
#include "control/edits/part.h"

namespace switchyard::control::handlers {
namespace {

using edits::Part;
using edits::PartKind;

Part part_of(PartKind kind, const AdminRequest& request) {
    if (kind == PartKind::rule) return {kind, request.places[0], request.places[1]};
    return {kind, {}, request.places[0]};
}

void put_part(const ChangeDesk& desk, const AdminRequest& request, Respond respond, PartKind kind, const char* verb) {
    auto change = change_call(desk.controller, request, verb);
    if (!change) return respond(reply(change.error()));
    auto settings = parse_body(request);
    if (!settings) return respond(reply(settings.error()));
    change->edit = [part = part_of(kind, request), settings = std::move(*settings)](
                       const config::Model& model, const Facts&) { return edits::put(model, part, settings); };
    desk.controller.change(std::move(*change), answer_with(std::move(respond)));
}

void remove_part(const ChangeDesk& desk, const AdminRequest& request, Respond respond, PartKind kind,
                 const char* verb) {
    auto change = change_call(desk.controller, request, verb);
    if (!change) return respond(reply(change.error()));
    change->edit = [part = part_of(kind, request)](const config::Model& model, const Facts&) {
        return edits::remove(model, part);
    };
    desk.controller.change(std::move(*change), answer_with(std::move(respond)));
}

}  // namespace

void put_route(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    put_part(desk, request, std::move(respond), PartKind::route, "put-route");
}
void delete_route(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    remove_part(desk, request, std::move(respond), PartKind::route, "remove-route");
}
void put_rule(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    put_part(desk, request, std::move(respond), PartKind::rule, "put-rule");
}
void delete_rule(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    remove_part(desk, request, std::move(respond), PartKind::rule, "remove-rule");
}
void put_upstream(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    put_part(desk, request, std::move(respond), PartKind::upstream, "put-upstream");
}
void delete_upstream(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    remove_part(desk, request, std::move(respond), PartKind::upstream, "remove-upstream");
}

}  // namespace switchyard::control::handlers
