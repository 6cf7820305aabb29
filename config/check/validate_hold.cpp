#include "config/check/checks.h"
#include "config/text/moment.h"

namespace switchyard::config {

void check_hold(Checks& checks, const std::string& at, const Route& route) {
    const Hold& hold = route.hold;
    if (hold == Hold{}) return;
    if (!parse_moment(hold.until))
        checks.fail(at + "/until", fmt::format("\"{}\": expected a moment in UTC, such as \"2026-11-20T12:00:00Z\"; "
                                               "`switchyard hold ROUTE --for 30s` writes it",
                                               hold.until));
    if (hold.respond.status != 0) check_respond(checks, at + "/respond", hold.respond);
    if (hold.respond.status == 0 && hold.respond != Respond{})
        checks.fail(at + "/respond/status", "expected a status from 200 to 599, such as 503");
}

}  // namespace switchyard::config
