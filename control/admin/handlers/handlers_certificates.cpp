// GET /v1/certificates · POST /v1/certificates/reload · POST /v1/certificates/{certificate}/renew
#include "control/admin/call/body.h"
#include "control/admin/call/change_call.h"
#include "control/admin/handlers/certificate_view.h"
#include "control/admin/handlers/handlers.h"

namespace switchyard::control::handlers {
namespace {

Json view(const CertificateDesk& desk) {
    Json all = Json::array();
    for (const auto& sight : desk.certificates.sights())
        all.push_back(certificate_view(sight, desk.acme.status(sight.name)));
    return {{"certificates", std::move(all)}};
}

}  // namespace

void get_certificates(const CertificateDesk& desk, const AdminRequest&, Respond respond) {
    respond(reply(view(desk)));
}

// 200 whatever the files hold: what cannot be used is said there, and changes nothing.
void reload_certificates(const CertificateDesk& desk, const AdminRequest& request, Respond respond) {
    if (auto timely = unless_stale(desk.controller, request); !timely) return respond(reply(timely.error()));
    desk.certificates.look([desk, respond = std::move(respond)](bool in_force) {
        if (in_force) return respond(reply(view(desk)));
        respond(reply(Problem(503, "certificates-not-read",
                              "the disk that holds the certificates, or a worker, has not answered in time; what the "
                              "files hold is put in force as soon as it can be")));
    });
}

// Answers at once: what comes of it is in GET /v1/certificates, and an event.
void renew_certificate(const CertificateDesk& desk, const AdminRequest& request, Respond respond) {
    const auto& name = request.places[0];
    if (desk.acme.renew(name)) return respond(reply(view(desk)));
    if (!desk.controller.model().certificates.contains(name))
        return respond(reply(problems::not_found("there is no certificate " + name)));
    respond(reply(problems::not_found(
        "certificate " + name +
        " is not asked for: it has no acme in the configuration, or neither a listener nor the admin API nor an "
        "upstream shows it")));
}

}  // namespace switchyard::control::handlers
