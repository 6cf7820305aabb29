// Calls about whole configurations, and about what was: config, generations, audit.
#include "tests/unit/control/admin/admin_stage.h"

namespace {

std::string with_weight(const char* blue, const char* green) {
    return std::string(R"({"listeners": [],
      "upstreams": {"blue": {"endpoints": [{"address": "127.0.0.1:9001"}], "health": {"type": "none"}},
                    "green": {"endpoints": [{"address": "127.0.0.1:9002"}], "health": {"type": "none"}}},
      "routes": [{"name": "forum", "split": {"blue": )") +
           blue + R"(, "green": )" + green + R"(}}, {"name": "shop", "match": {"hosts": ["shop.example"]},
                  "split": {"blue": 1}}]})";
}

}  // namespace

TEST_CASE("a document is checked without being taken, and taken as a whole or not at all") {
    AdminStage stage;
    const auto checked = stage.ask("operator", "POST", "/v1/config/check", with_weight("50", "50"));
    CHECK(checked.status == 200);
    CHECK(checked.body["valid"] == true);
    CHECK(checked.body["needs_restart"] == false);
    CHECK_FALSE(checked.body["changes"].empty());
    CHECK(stage.generation() == 1);

    for (const char* call : {"POST /v1/config/check", "PUT /v1/config"}) {
        CAPTURE(call);
        const std::string text(call), method = text.substr(0, text.find(' ')), path = text.substr(text.find(' ') + 1);
        const auto wrong =
            stage.ask("admin", method, path, R"({"routs": [], "upstreams": {"blue": {"balancer": "fast"}}})");
        CHECK(wrong.status == 422);
        const auto places = wrong.pointers();
        CHECK(std::find(places.begin(), places.end(), "/routs") != places.end());
        CHECK(wrong.says("routes"));
        CHECK(std::find(places.begin(), places.end(), "/upstreams/blue/balancer") != places.end());
        CHECK(stage.ask("admin", method, path, "{").status == 400);
        CHECK(stage.generation() == 1);
    }
    const auto taken = stage.ask("admin", "PUT", "/v1/config", with_weight("50", "50"), {{"if-match", "\"1\""}});
    CHECK(taken.status == 200);
    CHECK(taken.body["generation"] == 2);
    CHECK(stage.weight("green") == 50);
    CHECK(stage.ask("admin", "PUT", "/v1/config", with_weight("0", "100"), {{"if-match", "\"1\""}}).status == 412);
    CHECK(stage.weight("green") == 50);
}

TEST_CASE("what needs a restart is said by a check and refused by a change") {
    AdminStage stage;
    auto other = AdminStage::Json::parse(with_weight("100", "0"));
    other["process"] = {{"workers", 3}};
    const auto checked = stage.ask("operator", "POST", "/v1/config/check", other.dump());
    CHECK(checked.body["needs_restart"] == true);
    const auto refused = stage.ask("admin", "PUT", "/v1/config", other.dump());
    CHECK(refused.status >= 400);
    CHECK(refused.says("needs a restart"));
    CHECK(stage.generation() == 1);
}

TEST_CASE("a file is applied to what is in force; a wish that is none is refused") {
    AdminStage stage;
    CHECK(stage.ask("admin", "POST", "/v1/config/apply?file_wins=perhaps", with_weight("50", "50")).status == 400);
    const auto wrong = stage.ask("admin", "POST", "/v1/config/apply", R"({"listeners": [], "routs": []})");
    CHECK(wrong.status == 422);
    CHECK(wrong.says("\"/routs\""));
    // The first file is what later ones are compared with: nothing is known to have changed.
    CHECK(stage.ask("admin", "POST", "/v1/config/apply", with_weight("100", "0")).status == 200);
    CHECK(stage.generation() == 1);
    CHECK(stage.ask("admin", "POST", "/v1/config/apply", with_weight("50", "50")).status == 200);
    CHECK(stage.weight("green") == 50);
    REQUIRE(stage.ask("operator", "PUT", "/v1/routes/forum/split", R"({"blue": 1, "green": 9})").status == 200);
    const auto both = stage.ask("admin", "POST", "/v1/config/apply", with_weight("20", "80"));
    CHECK(both.status == 409);
    CHECK(stage.weight("green") == 9);
    CHECK(stage.ask("admin", "POST", "/v1/config/apply?file_wins=true", with_weight("20", "80")).status == 200);
    CHECK(stage.weight("green") == 80);
}

TEST_CASE("the configuration in force is shown with its generation, and history page by page") {
    AdminStage stage;
    const auto shown = stage.ask("viewer", "GET", "/v1/config");
    CHECK(shown.etag == "\"1\"");
    CHECK(shown.body["routes"][0]["name"] == "forum");
    for (int i = 1; i <= 3; ++i)
        REQUIRE(stage
                    .ask("operator", "PUT", "/v1/routes/forum/split",
                         "{\"blue\": 10, \"green\": " + std::to_string(i) + "}")
                    .status == 200);
    const auto page = stage.ask("viewer", "GET", "/v1/generations?limit=2").body["generations"];
    REQUIRE(page.size() == 2);
    CHECK(page[0]["generation"] == 4);
    CHECK(page[0]["in_force"] == true);
    CHECK(page[1]["in_force"] == false);
    CHECK(stage.ask("viewer", "GET", "/v1/generations?before=2").body["generations"][0]["generation"] == 1);
    const auto diff = stage.ask("viewer", "GET", "/v1/generations/2/diff/4").body;
    CHECK_FALSE(diff["changes"].empty());
    CHECK(diff["patch"].dump().find("/routes/0/split") != std::string::npos);
    CHECK(stage.ask("viewer", "GET", "/v1/generations/9").detail() == "generation 9 is not in the history");
    CHECK(stage.ask("viewer", "GET", "/v1/generations/nine").status == 400);
    CHECK(stage.ask("viewer", "GET", "/v1/generations?limit=many").detail() ==
          "?limit must be a whole number, is \"many\"");
}

TEST_CASE("the audit is whole, is told so with an anchor, and a later verification holds to that anchor") {
    AdminStage stage;
    REQUIRE(stage.ask("operator", "POST", "/v1/routes/forum/switch", R"({"to": "green"})").status == 200);
    const auto verdict = stage.ask("viewer", "GET", "/v1/audit/verify").body;
    CHECK(verdict["intact"] == true);
    CHECK(verdict["entries"] == stage.audited());
    const std::string anchor = verdict["anchor"];
    REQUIRE(stage.ask("operator", "POST", "/v1/undo").status == 200);
    CHECK(stage.ask("viewer", "GET", "/v1/audit/verify?anchor=" + anchor).body["intact"] == true);
    const auto other = anchor.substr(0, anchor.find(':') + 1) + std::string(64, '0');
    CHECK(stage.ask("viewer", "GET", "/v1/audit/verify?anchor=" + other).body["intact"] == false);
    const auto none = stage.ask("viewer", "GET", "/v1/audit/verify?anchor=yesterday");
    CHECK(none.status == 400);
    CHECK(none.detail() == "anchor must be LINE:HASH, as an earlier verify told it, not yesterday");
    CHECK(stage.ask("viewer", "GET", "/v1/audit?before=x").status == 400);
}
