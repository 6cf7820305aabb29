// POST /v1/upgrade · GET /v1/upgrade · POST /v1/upgrade/finish
#include "control/admin/call/body.h"
#include "control/admin/call/change_call.h"
#include "control/admin/handlers/handlers.h"

namespace switchyard::control::handlers {

void get_upgrade(Context& context, const AdminRequest&, Respond respond) {
    respond(reply(context.upgrade()));
}

void post_upgrade(Context& context, const AdminRequest& request, Respond respond) {
    if (auto timely = unless_stale(context.controller, request); !timely) return respond(reply(timely.error()));
    const auto parsed = parse_body(request, true);
    if (!parsed) return respond(reply(parsed.error()));
    CallBody body(*parsed, "", {"binary", "drain_within", "probation", "cut_oldest"});
    upgrade::Order order;
    order.binary = body.text("binary").value_or("");
    order.drain_within = body.duration("drain_within").value_or(order.drain_within);
    order.probation = body.duration("probation").value_or(order.probation);
    order.cut_oldest = body.flag("cut_oldest").value_or(false);
    order.by = caller_of(request).who;
    if (!order.binary.empty() && order.binary.front() != '/') body.wrong("binary", "must be an absolute path");
    if (order.drain_within > order.kLongestDrain) body.wrong("drain_within", "must be at most 24h");
    if (order.probation > order.kLongestProbation) body.wrong("probation", "must be at most 1h");
    if (const auto problem = body.problem()) return respond(reply(*problem));
    context.start_upgrade(order, [&context, respond](const Result<Context::Json>& begun) {
        if (!begun) return respond(reply(begun.error()));
        respond(reply(context.upgrade(), 202));
    });
}

void finish_upgrade(Context& context, const AdminRequest& request, Respond respond) {
    if (auto timely = unless_stale(context.controller, request); !timely) return respond(reply(timely.error()));
    context.finish_upgrade();
    respond(reply(context.upgrade()));
}

}  // namespace switchyard::control::handlers
