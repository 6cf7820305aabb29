// POST /v1/explain
#include "control/admin/call/body.h"
#include "control/admin/explain/explain.h"
#include "control/admin/handlers/handlers.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control::handlers {

void explain(const ExplainDesk& desk, const AdminRequest& request, Respond respond) {
    const auto parsed = parse_body(request);
    if (!parsed) return respond(reply(parsed.error()));
    CallBody body(*parsed, "", {"method", "host", "path", "headers", "client", "listener"});
    Question question;
    question.method = body.text("method").value_or(question.method);
    question.host = body.required_text("host");
    question.path = body.text("path").value_or(question.path);
    question.client = body.text("client").value_or(question.client);
    question.listener = body.text("listener").value_or(question.listener);
    if (const auto* headers = body.find("headers")) {
        if (!headers->is_object()) body.wrong("headers", "must be an object: name → value");
        if (headers->is_object())
            for (const auto& [name, value] : headers->items()) {
                if (value.is_string())
                    question.headers.emplace_back(name, value.get<std::string>());
                else
                    body.wrong("headers", "the value of " + name + " must be a string");
            }
    }
    if (const auto problem = body.problem()) return respond(reply(*problem));
    auto out = control::explain(*desk.controller.snapshot(), question, Moment::now());
    if (!out) return respond(reply(out.error()));
    (*out)["facts"] = desk.controller.snapshot()->facts;
    if (out->contains("upstream"))
        if (const auto sight = desk.discovery.sight((*out)["upstream"].get<std::string>()))
            (*out)["roll"] = sight->roll;
    respond(reply(*out));
}

}  // namespace switchyard::control::handlers
