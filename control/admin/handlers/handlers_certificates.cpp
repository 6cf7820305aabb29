// GET /v1/certificates · POST /v1/certificates/reload · POST /v1/certificates/{certificate}/renew
#include "control/admin/call/body.h"
#include "control/admin/call/change_call.h"
#include "control/admin/handlers/certificate_view.h"
#include "control/admin/handlers/handlers.h"

namespace switchyard::control::handlers {
namespace {

Json view(const Context& context) {
    Json all = Json::array();
    for (const auto& sight : context.certificates.sights())
        all.push_back(certificate_view(sight, context.acme.status(sight.name)));
    return {{"certificates", std::move(all)}};
}

}  // namespace

void get_certificates(Context& context, const AdminRequest&, Respond respond) {
    respond(reply(view(context)));
}

// 200 whatever the files hold: what cannot be used is said there, and changes nothing.
void reload_certificates(Context& context, const AdminRequest& request, Respond respond) {
    if (auto timely = unless_stale(context, request); !timely) return respond(reply(timely.error()));
    context.certificates.look([&context, respond = std::move(respond)](bool in_force) {
        if (in_force) return respond(reply(view(context)));
        respond(reply(Problem(503, "certificates-not-read",
                              "the disk that holds the certificates, or a worker, has not answered in time; what the "
                              "files hold is put in force as soon as it can be")));
    });
}

// Answers at once: what comes of it is in GET /v1/certificates, and an event.
void renew_certificate(Context& context, const AdminRequest& request, Respond respond) {
    const auto& name = request.places[0];
    if (context.acme.renew(name)) return respond(reply(view(context)));
    if (!context.controller.model().certificates.contains(name))
        return respond(reply(problems::not_found("there is no certificate " + name)));
    respond(reply(problems::not_found(
        "certificate " + name +
        " is not asked for: it has no acme in the configuration, or neither a listener nor the admin API nor an "
        "upstream shows it")));
}

}  // namespace switchyard::control::handlers
