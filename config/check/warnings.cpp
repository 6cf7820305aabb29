#include "config/check/warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "config/check/http_syntax.h"
#include "config/text/pointer.h"

namespace switchyard::config {
namespace {

// Where a request that comes back to us is known by nothing any more, it goes round until its time is over, and each
// round costs a connection.
void look_at_via(const Model& model, std::vector<Error>& out) {
    if (std::ranges::any_of(model.listeners, [](const Listener& one) { return !one.cdn_loop.empty(); })) return;
    const auto tell = [&](const std::string& at) {
        out.push_back(
            {at,
             "without our Via a request that comes back here is not known again, and goes round in a circle: leave "
             "Via, or set cdn_loop at the listeners"});
    };
    for (std::size_t i = 0; i < model.routes.size(); ++i) {
        const std::string at = pointer_to("/routes", i) + "/request_headers";
        const HeaderEdits& edits = model.routes[i].request_headers;
        for (const auto& [name, value] : edits.set)
            if (same_header(name, "via")) tell(pointer_to(at + "/set", name));
        for (std::size_t k = 0; k < edits.remove.size(); ++k)
            if (same_header(edits.remove[k], "via")) tell(pointer_to(at + "/remove", k));
    }
}

}  // namespace

std::vector<Error> warnings(const Model& model) {
    std::vector<Error> out;
    look_at_via(model, out);
    return out;
}

}  // namespace switchyard::config
