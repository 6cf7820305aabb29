// GET /v1/upstreams[/{upstream}] · PUT, DELETE …/endpoints/{address} · POST …/endpoints/{address}/state
#include "control/admin/call/change_call.h"
#include "control/admin/call/edit_body.h"
#include "control/admin/handlers/discovery_view.h"
#include "control/admin/handlers/handlers.h"
#include "control/admin/handlers/upstream_view.h"
#include "control/admin/handlers/upstream_wait.h"
#include "control/edits/endpoint.h"

namespace switchyard::control::handlers {

void get_upstreams(Context& context, const AdminRequest&, Respond respond) {
    Json out = Json::object();
    for (const auto& [name, upstream] : context.controller.model().upstreams)
        out[name] = upstream_view(context, name, upstream);
    respond(reply(out));
}

void get_upstream(Context& context, const AdminRequest& request, Respond respond) {
    const auto& model = context.controller.model();
    const auto it = model.upstreams.find(request.places[0]);
    if (it == model.upstreams.end())
        return respond(reply(problems::not_found(edits::unknown_upstream(model, request.places[0]))));
    const auto healthy = query_number(request, "healthy", 0);
    if (!healthy) return respond(reply(healthy.error()));
    const auto wait = query_wait(request);
    if (!wait) return respond(reply(wait.error()));
    if (wait->count() == 0) return respond(reply(upstream_view(context, it->first, it->second)));
    if (*healthy == 0)
        return respond(reply(problems::bad_request("?wait goes with ?healthy=N: how many endpoints are waited for")));
    std::make_shared<UpstreamWait>(context, it->first, *healthy, *wait, std::move(respond))->start();
}

void get_discovery(Context& context, const AdminRequest& request, Respond respond) {
    const auto& model = context.controller.model();
    const auto& name = request.places[0];
    if (auto why = edits::unknown_upstream(model, name); !why.empty())
        return respond(reply(problems::not_found(std::move(why))));
    auto view = discovery_view(context, name, true);
    if (view.is_null())
        return respond(
            reply(problems::not_found("upstream " + name + " discovers nothing: its endpoints are written")));
    respond(reply(view));
}

void put_endpoint(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "put-endpoint");
    if (!change) return respond(reply(change.error()));
    auto settings = parse_body(request, true);
    if (!settings) return respond(reply(settings.error()));
    change->edit = [settings = std::move(*settings), upstream = request.places[0], address = request.places[1]](
                       const config::Model& model, const Facts& facts) {
        return edits::apply(model, facts, edits::PutEndpoint{upstream, address, &settings});
    };
    desk.controller.change(std::move(*change), answer_with(std::move(respond)));
}

void delete_endpoint(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "remove-endpoint");
    if (!change) return respond(reply(change.error()));
    change->edit = [upstream = request.places[0], address = request.places[1]](const config::Model& model,
                                                                               const Facts& facts) {
        return edits::apply(model, facts, edits::RemoveEndpoint{upstream, address});
    };
    desk.controller.change(std::move(*change), answer_with(std::move(respond)));
}

void set_endpoint_state(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "endpoint-state");
    if (!change) return respond(reply(change.error()));
    const auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    CallBody body(*parsed, "", {"state", "force", "drain", "confirm_within"});
    read_change_options(body, *change);
    change->edit = read_endpoint_state(body, request.places[0], request.places[1]);
    if (const auto problem = body.problem()) return respond(reply(*problem));
    desk.controller.change(std::move(*change), answer_with(std::move(respond)));
}

}  // namespace switchyard::control::handlers
