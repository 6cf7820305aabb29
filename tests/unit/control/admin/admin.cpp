// The parts of the admin API that need no connection: table, tokens, limits on guessing, bodies, OpenAPI.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "control/admin/call/body.h"
#include "control/admin/call/edit_body.h"
#include "control/admin/call/failed_attempts.h"
#include "control/admin/call/route_table.h"
#include "control/admin/call/tokens.h"
#include "control/admin/explain/openapi.h"
#include "control/base/digest.h"
#include "tests/unit/control/store/scratch_dir.h"

using namespace switchyard;
using namespace switchyard::control;

TEST_CASE("a path finds its row, with what stands for the places; a wrong method is told from a wrong path") {
    const auto found = match("POST", "/v1/routes/my%20forum/switch");
    REQUIRE(found.route != nullptr);
    CHECK(found.route->operation == "switchRoute");
    CHECK(found.places == std::vector<std::string>{"my forum"});
    const auto socket = match("DELETE", "/v1/upstreams/blue/endpoints/unix%3A%2Frun%2Fa.sock");
    REQUIRE(socket.route != nullptr);
    CHECK(socket.places == std::vector<std::string>{"blue", "unix:/run/a.sock"});
    CHECK(match("GET", "/v1/routes/forum/switch").allowed == std::vector<std::string>{"POST"});
    CHECK(match("GET", "/v1/nowhere").route == nullptr);
    CHECK(match("GET", "/v1/upstreams/").route == nullptr);
    CHECK(match("GET", "/v1/audit/verify").route->operation == "verifyAudit");
}

TEST_CASE("percent escapes decode, and broken ones stay as they are") {
    CHECK(percent_decoded("a%2Fb") == "a/b");
    CHECK(percent_decoded("a%2") == "a%2");
    CHECK(percent_decoded("a%zz") == "a%zz");
    CHECK(percent_decoded("%41") == "A");
}

TEST_CASE("every changing row needs at least an operator, and only the probes and the exchange of a code are open") {
    for (const auto& route : admin_routes()) {
        CAPTURE(route.path);
        if (route.change) CHECK(route.access != AdminRoute::Access::viewer);
        const bool open = route.path == "/healthz" || route.path == "/readyz" || route.path == "/v1/session/exchange";
        CHECK((route.access == AdminRoute::Access::open) == open);
        CHECK((route.handler != nullptr));
    }
}

TEST_CASE("the OpenAPI document names every row once, and every schema it refers to exists") {
    const auto document = openapi_document("1");
    std::set<std::string> operations;
    for (const auto& route : admin_routes()) {
        CAPTURE(route.path);
        std::string method(route.method);
        for (auto& c : method) c = static_cast<char>(std::tolower(c));
        REQUIRE(document["paths"].contains(std::string(route.path)));
        const auto& operation = document["paths"][std::string(route.path)][method];
        CHECK(operation["operationId"] == route.operation);
        CHECK(operations.insert(std::string(route.operation)).second);
    }
    std::size_t count = 0;
    for (const auto& [path, methods] : document["paths"].items()) count += methods.size();
    CHECK(count == admin_routes().size());
    const auto& schemas = document["components"]["schemas"];
    const std::string text = document.dump(), prefix = "#/components/schemas/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1)) {
        const auto start = at + prefix.size();
        const auto name = text.substr(start, text.find('"', start) - start);
        CAPTURE(name);
        CHECK(schemas.contains(name));
    }
}

TEST_CASE("a token is known by its hash alone, and nothing else is a token") {
    const Tokens tokens(
        {{"ci", config::Role::operate, sha256_hex("secret")}, {"me", config::Role::admin, sha256_hex("other")}});
    REQUIRE(tokens.identify("Bearer secret").has_value());
    CHECK(tokens.identify("Bearer secret")->name == "ci");
    CHECK(tokens.identify("bearer secret")->name == "ci");  // the scheme's case does not count
    CHECK(tokens.identify("Bearer other")->role == config::Role::admin);
    for (const char* wrong :
         {"", "Bearer", "Bearer ", "bearersecret", "Basic secret", "Bearer secret ", "Bearer secre"})
        CHECK_FALSE(tokens.identify(wrong).has_value());
    CHECK_FALSE(tokens.identify("Bearer " + sha256_hex("secret")).has_value());
}

TEST_CASE("the local token is made once, readable by its owner only, and found again") {
    ScratchDir dir;
    const auto made = local_admin_token(dir / "token");
    REQUIRE(made.has_value());
    CHECK(std::filesystem::status(dir / "token").permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    CHECK(local_admin_token(dir / "token")->sha256 == made->sha256);
    CHECK_FALSE(local_admin_token("/nowhere/token").has_value());
}

TEST_CASE("guessing is slowed down after a burst, per address, and forgotten with time") {
    FailedAttempts attempts;
    const FailedAttempts::Time start{std::chrono::hours(1)};
    for (int i = 0; i < 10; ++i) {
        CHECK(attempts.may_try("a", start));
        attempts.failed("a", start);
    }
    CHECK_FALSE(attempts.may_try("a", start));
    CHECK(attempts.may_try("b", start));
    CHECK_FALSE(attempts.may_try("a", start + std::chrono::seconds(1)));
    CHECK(attempts.may_try("a", start + std::chrono::seconds(2)));
    attempts.failed("a", start + std::chrono::seconds(2));
    CHECK_FALSE(attempts.may_try("a", start + std::chrono::seconds(2)));
    CHECK(attempts.may_try("a", start + std::chrono::minutes(1)));
}

TEST_CASE("everything wrong with a body is told at once, with pointers") {
    const Json json = {{"too", "green"}, {"force", "yes"}, {"require", {{"healthy", -1}}}};
    CallBody body(json, "/changes/0", {"to", "require", "force"});
    static_cast<void>(read_switch(body, "forum", body.flag("force").value_or(false)));
    std::set<std::string> pointers;
    for (const auto& e : body.errors()) pointers.insert(e.pointer);
    CHECK(pointers ==
          std::set<std::string>{"/changes/0/too", "/changes/0/to", "/changes/0/force", "/changes/0/require/healthy"});
}

TEST_CASE("an edit without a known verb names the verbs") {
    const auto refused = read_edit(Json{{"verb", "swich"}}, "/2", config::Role::admin);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().errors[0].pointer == "/2/verb");
    CHECK(refused.error().errors[0].detail.find("switch") != std::string::npos);
}
