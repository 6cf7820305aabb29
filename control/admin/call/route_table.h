// The one table of the admin API: method, path, who may, what it does. The OpenAPI document is made from it.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/admin/call/context.h"
#include "control/admin/call/message.h"

namespace switchyard::control {

using Handler = void (*)(Context&, const AdminRequest&, Respond);

struct AdminRoute {
    enum class Access : std::uint8_t { open, viewer, operate, admin };

    std::string_view method;
    std::string_view path;  // /v1/routes/{route}/switch
    Access access = Access::viewer;
    bool change = false;         // makes a generation and answers its receipt: honours ?dry_run as well
    std::string_view operation;  // operationId
    std::string_view summary;
    std::string_view body;     // schema of the request body; empty: none
    std::string_view answer;   // schema of the 200 answer; empty: not JSON
    std::string_view queries;  // further query parameters, separated by spaces
    Handler handler = nullptr;

    // Whether `name` is one of `queries`.
    bool asks(std::string_view name) const;
    // A change shows its receipt, a rollout its plan with every value written out, a release whether it could begin.
    bool knows_dry_run() const { return change || operation == "startRollout" || operation == "beginRelease"; }
    // What moves traffic can be insisted on.
    bool knows_force() const {
        return (knows_dry_run() && operation != "beginRelease") || operation == "promoteRollout";
    }
    // Changes something, whatever it answers: honours If-Match, Idempotency-Key and X-Reason. A check only looks.
    bool acts() const {
        return method != "GET" && (access == Access::operate || access == Access::admin) && operation != "checkConfig";
    }
};

// Whether a token of that role may do what needs so much.
bool allowed(config::Role role, AdminRoute::Access access);

std::span<const AdminRoute> admin_routes();  // handlers/routes.cpp

struct AdminMatch {
    const AdminRoute* route = nullptr;
    std::vector<std::string> places;
    std::vector<std::string> allowed;  // methods of that path, when only the method was wrong
};
// `raw_path` is percent-encoded as it came: an endpoint's address may hold an encoded slash.
AdminMatch match(std::string_view method, std::string_view raw_path);

std::string percent_decoded(std::string_view text);

}  // namespace switchyard::control
