// POST /v1/changes · POST /v1/changes/{generation}/confirm · POST /v1/undo
#include <fmt/format.h>

#include "config/text/pointer.h"
#include "control/admin/call/change_call.h"
#include "control/admin/call/edit_body.h"
#include "control/admin/handlers/handlers.h"

namespace switchyard::control::handlers {
namespace {

struct PlacedEdit {
    std::string place;  // in the body
    Edit edit;
};

// Which of several edits it was that could not be made. Places in the configuration say it themselves.
Problem placed(Problem problem, const std::string& place) {
    problem.detail = fmt::format("{}: {}", place, problem.detail);
    for (auto& error : problem.errors)
        if (!error.pointer.starts_with("/upstreams/") && !error.pointer.starts_with("/routes/")) error.pointer = place;
    return problem;
}

// One edit after the other, each on the result of the one before: no request ever sees a mix.
Edit in_turn(std::vector<PlacedEdit> edits) {
    return [edits = std::move(edits)](const config::Model& model, const Facts& facts) -> Result<config::Model> {
        config::Model next = model;
        for (const auto& [place, edit] : edits) {
            auto result = edit(next, facts);
            if (!result) return placed(result.error(), place);
            next = std::move(*result);
        }
        return next;
    };
}

// "require": {"upstream": "green", "healthy": 3} or a list of them; they come before every edit.
void read_requirements(CallBody& body, std::vector<PlacedEdit>& edits) {
    const auto* found = body.find("require");
    if (found == nullptr) return;
    const auto one = [&](const Json& element, const std::string& pointer) {
        CallBody inner(element, pointer, {"upstream", "healthy", "in_flight_below"});
        const auto wanted = read_requirement(inner);
        body.take(inner);
        const auto check = [wanted](const config::Model& model, const Facts& facts) -> Result<config::Model> {
            if (auto held = edits::require(facts, wanted); !held) return held.error();
            return model;
        };
        edits.push_back({pointer, check});
    };
    if (!found->is_array()) return one(*found, body.pointer("require"));
    for (std::size_t i = 0; i < found->size(); ++i) one((*found)[i], config::pointer_to(body.pointer("require"), i));
}

}  // namespace

void post_changes(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "change");
    if (!change) return respond(reply(change.error()));
    auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    // A bare list is the short form of {"changes": [...]}.
    const bool bare = parsed->is_array();
    const Json whole = bare ? Json{{"changes", *parsed}} : *parsed;
    CallBody body(whole, "", {"changes", "require", "force", "confirm_within", "drain"});
    std::vector<PlacedEdit> edits;
    read_requirements(body, edits);
    read_change_options(body, *change);
    const auto* list = body.find("changes");
    if (list == nullptr || !list->is_array() || list->empty()) {
        body.wrong("changes", "must be a list of at least one edit");
    } else {
        const std::string place = bare ? "" : body.pointer("changes");
        for (std::size_t i = 0; i < list->size(); ++i) {
            const auto here = config::pointer_to(place, i);
            auto edit = read_edit((*list)[i], here, request.role);
            if (!edit && edit.error().status == 403) return respond(reply(edit.error()));
            // Who insists on one of them insists on what they come to together.
            const auto& element = (*list)[i];
            if (element.is_object() && element.contains("force") && element["force"] == true) change->force = true;
            if (edit)
                edits.push_back({here, std::move(*edit)});
            else
                for (const auto& error : edit.error().errors) body.add(error);
        }
    }
    if (const auto problem = body.problem()) return respond(reply(*problem));
    change->edit = in_turn(std::move(edits));
    desk.controller.change(std::move(*change), answer_with(std::move(respond)));
}

void confirm(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    const auto generation = place_number(request, 0);
    if (!generation) return respond(reply(generation.error()));
    if (auto fresh = unless_stale(desk.controller, request); !fresh) return respond(reply(fresh.error()));
    const auto parsed = parse_body(request, true);
    if (!parsed) return respond(reply(parsed.error()));
    CallBody body(*parsed, "", {"within"});
    const auto within = body.duration("within");
    if (within && (within->count() <= 0 || *within > kConfirmLimit))
        body.wrong("within", "must be more than 0 and at most 24h");
    if (const auto problem = body.problem()) return respond(reply(*problem));
    if (within) {
        return desk.controller.wait_on(
            *generation, *within, caller_of(request),
            [generation = *generation, respond = std::move(respond)](const Result<WallTime>& until) {
                if (!until) return respond(reply(until.error()));
                respond(
                    reply(Json{{"generation", generation}, {"confirmed", false}, {"confirm_by", timestamp(*until)}}));
            });
    }
    desk.controller.confirm(*generation, caller_of(request),
                            [generation = *generation, respond = std::move(respond)](const Result<void>& done) {
                                if (!done) return respond(reply(done.error()));
                                respond(reply(Json{{"generation", generation}, {"confirmed", true}}));
                            });
}

void undo(const ChangeDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "undo");
    if (!change) return respond(reply(change.error()));
    const auto parsed = parse_body(request, true);
    if (!parsed) return respond(reply(parsed.error()));
    CallBody body(*parsed, "", {"to", "force", "confirm_within", "drain"});
    read_change_options(body, *change);
    const auto to = body.number("to");
    if (to && *to == 0) body.wrong("to", "generations begin at 1");
    if (const auto problem = body.problem()) return respond(reply(*problem));
    desk.controller.undo(to.value_or(0), std::move(*change), answer_with(std::move(respond)));
}

}  // namespace switchyard::control::handlers
