// POST, GET /v1/rollouts[/{id}] · POST /v1/rollouts/{id}/{promote,pause,resume,abort} · GET …/report[.html]
#include <fmt/format.h>

#include "config/text/found.h"
#include "control/admin/call/body.h"
#include "control/admin/call/change_call.h"
#include "control/admin/handlers/handlers.h"
#include "control/edits/guard.h"
#include "control/rollout/render_plan.h"
#include "control/rollout/runner/report_page.h"
#include "control/rollout/runner/rollouts.h"
#include "control/rollout/runner/view.h"
#include "control/ui/report_script.h"
#include "proxy/base/log.h"

namespace switchyard::control::handlers {
namespace {

using Live = std::shared_ptr<rollout::LiveRollout>;

Result<Live> find(const RolloutDesk& desk, const AdminRequest& request) {
    auto found = desk.rollouts.find(request.places[0]);
    if (!found) return problems::not_found("there is no rollout " + request.places[0]);
    return found;
}

// Who steered, from where and why. After the fact: on a full disk a rollout can still be aborted. The answer is given
// when that is kept, and with it what the rollout had to keep before.
void note(const RolloutDesk& desk, const AdminRequest& request, const std::string& verb,
          const rollout::LiveRollout& live, const Respond& respond, AdminReply answer) {
    const auto caller = caller_of(request);
    const AuditEntry entry{0,
                           timestamp(std::chrono::system_clock::now()),
                           caller.who,
                           caller.from,
                           "rollout-" + verb,
                           caller.reason,
                           desk.controller.generation(),
                           {fmt::format("rollout {}: {}", live.id(), verb)},
                           {},
                           {}};
    desk.controller.writer().write([entry](Store& store) { return store.note(entry); },
                                   [respond, answer = std::move(answer)](const Result<void>& noted) {
                                       if (!noted) log_error("{}", noted.error().detail);
                                       respond(answer);
                                   });
}

// The release that is to get more traffic has an endpoint that serves it, or the caller insists.
Result<void> may_rise(const RolloutDesk& desk, const std::string& to, bool force) {
    if (force) return {};
    auto served = edits::require_served(desk.controller.model(), to, desk.controller.facts());
    if (served) return {};
    auto problem = served.error();
    problem.detail += edits::kForceHint;
    return problem;
}

void wish(const RolloutDesk& desk, const AdminRequest& request, Respond& respond, const std::string& verb,
          Result<void> (rollout::LiveRollout::*act)(const std::string&)) {
    const auto live = find(desk, request);
    if (!live) return respond(reply(live.error()));
    if (auto fresh = unless_stale(desk.controller, request); !fresh) return respond(reply(fresh.error()));
    if (auto done = ((**live).*act)(request.who); !done) return respond(reply(done.error()));
    note(desk, request, verb, **live, respond, reply(rollout::view(**live)));
}

// Said with the plan, but no part of it: it is about this moment.
Result<bool> take_force(Json& document) {
    if (!document.is_object() || !document.contains("force")) return false;
    const Json said = document["force"];
    if (!said.is_boolean())
        return problems::invalid({config::Error{"/force", "expected true or false, found " + config::found(said)}},
                                 "plan");
    document.erase("force");
    return said.get<bool>();
}

}  // namespace

void post_rollout(const RolloutDesk& desk, const AdminRequest& request, Respond respond) {
    auto document = parse_body(request);
    if (!document) return respond(reply(document.error()));
    if (auto fresh = unless_stale(desk.controller, request); !fresh) return respond(reply(fresh.error()));
    if (auto free = desk.controller.nothing_pending(); !free) return respond(reply(free.error()));
    const auto dry_run = wants_dry_run(request);
    if (!dry_run) return respond(reply(dry_run.error()));
    auto force = take_force(*document);
    if (force && !*force) force = wants_force(request);
    if (!force) return respond(reply(force.error()));
    if (*dry_run) {
        const auto plan = desk.rollouts.check(*document, *force);
        if (!plan) return respond(reply(plan.error()));
        return respond(reply(Json{{"dry_run", true}, {"plan", rollout::render_plan(*plan)}}));
    }
    const auto live = desk.rollouts.start(*document, request.who, *force);
    if (!live) return respond(reply(live.error()));
    auto out = reply(rollout::view(**live), 201);
    out.headers.emplace_back("Location", "/v1/rollouts/" + (*live)->id());
    note(desk, request, "start", **live, respond, std::move(out));
}

void get_rollouts(const RolloutDesk& desk, const AdminRequest&, Respond respond) {
    Json out = Json::array();
    for (const auto& live : desk.rollouts.newest_first()) out.push_back(rollout::summary(*live));
    respond(reply(Json{{"rollouts", std::move(out)}}));
}

void get_rollout(const RolloutDesk& desk, const AdminRequest& request, Respond respond) {
    const auto live = find(desk, request);
    respond(live ? reply(rollout::view(**live)) : reply(live.error()));
}

void get_rollout_report(const RolloutDesk& desk, const AdminRequest& request, Respond respond) {
    const auto live = find(desk, request);
    respond(live ? reply(rollout::report(**live)) : reply(live.error()));
}

void get_rollout_page(const RolloutDesk& desk, const AdminRequest& request, Respond respond) {
    const auto live = find(desk, request);
    if (!live) return respond(reply(live.error()));
    AdminReply out;
    out.content_type = "text/html; charset=utf-8";
    out.body = rollout::report_page(**live);
    // In a place of its own, where no session of this address counts.
    out.headers.emplace_back("Content-Security-Policy",
                             report_policy() + "; frame-ancestors 'none'; sandbox allow-scripts");
    respond(std::move(out));
}

void promote_rollout(const RolloutDesk& desk, const AdminRequest& request, Respond respond) {
    const auto live = find(desk, request);
    if (!live) return respond(reply(live.error()));
    if (auto fresh = unless_stale(desk.controller, request); !fresh) return respond(reply(fresh.error()));
    const auto force = wants_force(request);
    if (!force) return respond(reply(force.error()));
    if (auto served = may_rise(desk, (*live)->machine().plan().to, *force); !served)
        return respond(reply(served.error()));
    if (auto done = (*live)->promote(request.who, *force); !done) return respond(reply(done.error()));
    note(desk, request, "promote", **live, respond, reply(rollout::view(**live)));
}
void pause_rollout(const RolloutDesk& desk, const AdminRequest& request, Respond respond) {
    wish(desk, request, respond, "pause", &rollout::LiveRollout::pause);
}
void resume_rollout(const RolloutDesk& desk, const AdminRequest& request, Respond respond) {
    wish(desk, request, respond, "resume", &rollout::LiveRollout::resume);
}
void abort_rollout(const RolloutDesk& desk, const AdminRequest& request, Respond respond) {
    wish(desk, request, respond, "abort", &rollout::LiveRollout::abort);
}

}  // namespace switchyard::control::handlers
