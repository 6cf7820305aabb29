// POST /v1/routes/{route}/switch · PUT /v1/routes/{route}/split
#include <algorithm>

#include "control/admin/call/change_call.h"
#include "control/admin/call/edit_body.h"
#include "control/admin/handlers/handlers.h"
#include "control/edits/switch.h"

namespace switchyard::control::handlers {
namespace {

// The switch, and then a rollout that returns when the errors after it beat the tolerance.
void switch_and_watch(const RolloutDesk& desk, const AdminRequest& request, Change change,
                      std::chrono::milliseconds length, const Respond& respond) {
    const auto body = parse_body(request);
    const std::string route = request.places[0];
    std::string from, to = (*body)["to"].get<std::string>();
    const auto& routes = desk.controller.model().routes;
    if (const auto at = std::ranges::find(routes, route, &config::Route::name); at != routes.end()) {
        auto meant = edits::target_of(*at, to);
        if (!meant) return respond(reply(meant.error()));
        to = *meant;
    }
    if (auto may = desk.rollouts.may_watch(route, to, from, change.force); !may) return respond(reply(may.error()));
    desk.controller.change(
        std::move(change), [desk, respond, route, to, from, length, who = request.who](Answer answer) {
            if (!answer || answer->unchanged || answer->dry_run) return answer_with(respond)(std::move(answer));
            auto out = to_json(*answer);
            if (const auto live = desk.rollouts.watch(route, from, to, length, who)) out["rollout"] = live->id();
            auto answered = reply(out, answer->status());
            answered.headers.emplace_back("ETag", '"' + std::to_string(answer->generation) + '"');
            // Behind the watch's own record: what is said to be watched is so after a crash, too.
            desk.controller.writer().write([](Store&) { return Result<void>(); },
                                           [respond, answered](const Result<void>&) { respond(answered); });
        });
}

}  // namespace

void switch_route(const RolloutDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "switch");
    if (!change) return respond(reply(change.error()));
    const auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    CallBody body(*parsed, "", {"to", "require", "force", "confirm_within", "drain", "watch"});
    read_change_options(body, *change);
    const auto watch = body.duration("watch");
    if (watch && watch->count() <= 0) body.wrong("watch", "must be more than 0");
    if (watch && change->confirm_within)
        body.wrong("confirm_within", "does not go with watch: both would take the switch back, the one or the other");
    change->edit = read_switch(body, request.places[0], change->force);
    if (const auto problem = body.problem()) return respond(reply(*problem));
    if (watch) return switch_and_watch(desk, request, std::move(*change), *watch, respond);
    desk.controller.change(std::move(*change), answer_with(std::move(respond)));
}

void put_split(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "split");
    if (!change) return respond(reply(change.error()));
    const auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    auto edit = read_split(*parsed, "", request.places[0]);
    if (!edit) return respond(reply(edit.error()));
    change->edit = std::move(*edit);
    desk.controller.change(std::move(*change), answer_with(std::move(respond)));
}

}  // namespace switchyard::control::handlers
