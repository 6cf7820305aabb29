// Who may do what, on every way in: a verb of POST /v1/changes needs what the single call of the same name needs.
#include <doctest/doctest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "control/admin/call/edit_body.h"
#include "control/admin/call/route_table.h"

using namespace switchyard;
using namespace switchyard::control;

namespace {

using config::Role;

struct Row {
    const char* verb;
    const char* operation;  // the single call; empty: none
    Json edit;
};

// Every verb, as a whole edit.
std::vector<Row> rows() {
    return {
        {"switch", "switchRoute", {{"verb", "switch"}, {"route", "a"}, {"to", "b"}}},
        {"split", "setSplit", {{"verb", "split"}, {"route", "a"}, {"weights", {{"b", 1U}}}}},
        {"put-endpoint", "putEndpoint", {{"verb", "put-endpoint"}, {"upstream", "a"}, {"address", "127.0.0.1:1"}}},
        {"remove-endpoint",
         "deleteEndpoint",
         {{"verb", "remove-endpoint"}, {"upstream", "a"}, {"address", "127.0.0.1:1"}}},
        {"endpoint-state",
         "setEndpointState",
         {{"verb", "endpoint-state"}, {"upstream", "a"}, {"address", "127.0.0.1:1"}, {"state", "drain"}}},
        {"put-route", "putRoute", {{"verb", "put-route"}, {"route", "a"}, {"settings", Json::object()}}},
        {"remove-route", "deleteRoute", {{"verb", "remove-route"}, {"route", "a"}}},
        {"put-rule", "putRule", {{"verb", "put-rule"}, {"route", "a"}, {"rule", "b"}, {"settings", Json::object()}}},
        {"remove-rule", "deleteRule", {{"verb", "remove-rule"}, {"route", "a"}, {"rule", "b"}}},
        {"hold", "holdRoute", {{"verb", "hold"}, {"route", "a"}, {"for", "30s"}}},
        {"resume", "resumeRoute", {{"verb", "resume"}, {"route", "a"}}},
        {"put-upstream", "putUpstream", {{"verb", "put-upstream"}, {"upstream", "a"}, {"settings", Json::object()}}},
        {"remove-upstream", "deleteUpstream", {{"verb", "remove-upstream"}, {"upstream", "a"}}},
        {"require", "", {{"verb", "require"}, {"upstream", "a"}, {"healthy", 1U}}},
    };
}

const AdminRoute* operation(std::string_view name) {
    for (const auto& route : admin_routes())
        if (route.operation == name) return &route;
    return nullptr;
}

}  // namespace

TEST_CASE("verbs and roles: what a single call refuses, a list of changes refuses") {
    std::vector<std::string> verbs;
    for (const auto& row : rows()) {
        CAPTURE(row.verb);
        verbs.emplace_back(row.verb);
        const AdminRoute* single = operation(row.operation);
        for (const Role role : {Role::viewer, Role::operate, Role::admin}) {
            const auto edit = read_edit(row.edit, "/3", role);
            const bool may = single == nullptr ? role != Role::viewer : allowed(role, single->access);
            CHECK(edit.has_value() == may);
            if (may) continue;
            CHECK(edit.error().status == 403);
            CHECK(edit.error().detail.find("/3") != std::string::npos);
            CHECK(edit.error().detail.find(row.verb) != std::string::npos);
        }
    }
    CHECK(verbs == edit_verbs());  // a new verb needs a row here
}

TEST_CASE("roles are nested: what one may, the next may too") {
    using A = AdminRoute::Access;
    for (const A access : {A::open, A::viewer, A::operate, A::admin}) {
        CHECK(allowed(Role::viewer, access) <= allowed(Role::operate, access));
        CHECK(allowed(Role::operate, access) <= allowed(Role::admin, access));
        CHECK(allowed(Role::admin, access));
    }
    CHECK_FALSE(allowed(Role::viewer, A::operate));
    CHECK_FALSE(allowed(Role::operate, A::admin));
}
