// POST, GET /v1/releases[/{id}] · POST /v1/releases/{id}/{steps,alive,undo}
#include <algorithm>

#include "config/model/limits.h"
#include "control/admin/call/body.h"
#include "control/admin/call/change_call.h"
#include "control/admin/handlers/handlers.h"
#include "control/edits/split.h"
#include "control/release/book/releases.h"

namespace switchyard::control::handlers {
namespace {

// Longer, and a dead runner keeps the route; shorter, and a runner that waits for a call is taken for dead.
constexpr std::chrono::seconds kShortestLease{1};
constexpr std::chrono::hours kLongestLease{1};

// As names are: it becomes part of a URL.
bool is_id(const std::string& text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return !text.empty() && text.size() <= config::limits::kNameLength && plain(text.front()) &&
           std::ranges::all_of(text, [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
}

std::chrono::milliseconds read_lease(CallBody& body) {
    const auto within = body.duration("within");
    if (body.find("within") == nullptr) body.wrong("within", "is required");
    if (within && (*within < kShortestLease || *within > kLongestLease))
        body.wrong("within", "must be at least 1s and at most 1h");
    return within.value_or(std::chrono::milliseconds(0));
}

AdminReply shown(const Result<const release::Release*>& found) {
    return found ? reply(release::view(**found, true)) : reply(found.error());
}

}  // namespace

void post_release(const ReleaseDesk& desk, const AdminRequest& request, Respond respond) {
    const auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    if (auto fresh = unless_stale(desk.controller, request); !fresh) return respond(reply(fresh.error()));
    const auto dry_run = wants_dry_run(request);
    if (!dry_run) return respond(reply(dry_run.error()));
    CallBody body(*parsed, "", {"id", "route", "from", "to", "runner", "within", "wanted", "plan"});
    release::Releases::Beginning wanted;
    wanted.id = body.required_text("id");
    wanted.route = body.required_text("route");
    wanted.from = body.required_text("from");
    wanted.to = body.required_text("to");
    wanted.runner = body.required_text("runner");
    wanted.within = read_lease(body);
    if (body.errors().empty() && !is_id(wanted.id))
        body.wrong("id", "must be of letters, digits, '.', '_' and '-', at most 100, and begin with a letter or digit");
    if (const auto* list = body.find("wanted")) {
        if (list->is_array())
            wanted.wanted = release::parse_wanted(*list);
        else
            body.wrong("wanted", "must be a list of steps");
        if (list->is_array() && release::to_json(wanted.wanted).size() != list->size())
            body.wrong("wanted",
                       "has a step twice, or one that can not be wanted: endpoints, start, smoke, "
                       "smoke_through, judged, stop");
    }
    if (const auto* plan = body.find("plan")) wanted.plan = *plan;
    if (const auto problem = body.problem()) return respond(reply(*problem));
    const auto begun = desk.releases.begin(wanted, caller_of(request), *dry_run);
    if (!begun) return respond(reply(begun.error()));
    if (*dry_run) return respond(reply(Json{{"dry_run", true}, {"fresh", begun->fresh}}));
    auto out = reply(release::view(*begun->release, true), begun->fresh ? 201 : 200);
    out.headers.emplace_back("Location", "/v1/releases/" + wanted.id);
    respond(std::move(out));
}

void get_releases(const ReleaseDesk& desk, const AdminRequest& request, Respond respond) {
    const auto route = request.query_value("route");
    Json out = Json::array();
    for (const auto* each : desk.releases.newest_first())
        if (!route || each->route == *route) out.push_back(release::view(*each, false));
    respond(reply(Json{{"releases", std::move(out)}}));
}

void get_release(const ReleaseDesk& desk, const AdminRequest& request, Respond respond) {
    const auto* found = desk.releases.find(request.places[0]);
    respond(found != nullptr ? reply(release::view(*found, true))
                             : reply(problems::not_found("there is no release " + request.places[0])));
}

void post_release_step(const ReleaseDesk& desk, const AdminRequest& request, Respond respond) {
    const auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    CallBody body(*parsed, "", {"runner", "step", "what", "detail", "generation", "rollout", "data"});
    const auto runner = body.required_text("runner");
    const auto step = body.required_text("step"), what = body.required_text("what");
    static_cast<void>(body.text("detail"));
    static_cast<void>(body.number("generation"));
    static_cast<void>(body.text("rollout"));
    auto record = release::parse_record(*parsed);
    if (body.errors().empty() && !record) {
        if (!release::step_of(step)) body.wrong("step", "is no step of a release: " + step);
        if (body.errors().empty()) body.wrong("what", "is nothing that happens to a step: " + what);
    }
    if (const auto problem = body.problem()) return respond(reply(*problem));
    respond(shown(desk.releases.take(request.places[0], runner, std::move(*record), caller_of(request))));
}

void post_release_alive(const ReleaseDesk& desk, const AdminRequest& request, Respond respond) {
    const auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    CallBody body(*parsed, "", {"runner", "within"});
    const auto runner = body.required_text("runner");
    const auto within = read_lease(body);
    if (const auto problem = body.problem()) return respond(reply(*problem));
    const auto found = desk.releases.alive(request.places[0], runner, within);
    if (!found) return respond(reply(found.error()));
    respond(reply(Json{{"id", (*found)->id}, {"outcome", word((*found)->outcome)}}));
}

void undo_release(const ReleaseDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "release-undo");
    if (!change) return respond(reply(change.error()));
    const auto parsed = parse_body(request, true);
    if (!parsed) return respond(reply(parsed.error()));
    CallBody body(*parsed, "", {"force", "confirm_within", "drain"});
    read_change_options(body, *change);
    if (const auto problem = body.problem()) return respond(reply(*problem));
    const auto found = desk.releases.may_undo(request.places[0]);
    if (!found) return respond(reply(found.error()));
    change->edit = [wanted = edits::SetSplit{(*found)->route, (*found)->split}](
                       const config::Model& model, const Facts& facts) { return edits::apply(model, facts, wanted); };
    change->restores = Restored{(*found)->generation, "before release " + (*found)->id};
    const auto caller = caller_of(request);
    desk.controller.change(std::move(*change),
                           [desk, id = (*found)->id, caller, respond = std::move(respond)](Answer answer) {
                               // A repeated answer has been written down with the first.
                               if (answer && !answer->dry_run && answer->repeated_now == 0)
                                   desk.releases.undone(id, answer->generation, caller);
                               answer_with(respond)(std::move(answer));
                           });
}

}  // namespace switchyard::control::handlers
