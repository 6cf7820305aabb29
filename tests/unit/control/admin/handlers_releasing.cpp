// Calls that begin and steer rollouts and releases.
#include "tests/unit/control/admin/admin_stage.h"

namespace {

using Places = std::vector<std::string>;

const char* const kPlan = R"({"route": "forum", "from": "blue", "to": "green",
  "steps": [{"weight": 5, "bake": "1m"}, {"weight": 100, "bake": "1m"}]})";
const char* const kRelease = R"({"id": "b41", "route": "forum", "from": "blue", "to": "green", "runner": "one",
  "within": "30s", "wanted": ["smoke"]})";

}  // namespace

TEST_CASE("a rollout begins, holds its route, is steered by operators and seen by viewers") {
    AdminStage stage;
    const auto begun = stage.ask("operator", "POST", "/v1/rollouts", kPlan);
    CHECK(begun.status == 201);
    CHECK(begun.location == "/v1/rollouts/r1");
    CHECK(begun.body["state"] == "running");
    CHECK(stage.ask("viewer", "GET", "/v1/rollouts").body["rollouts"].size() == 1);

    const auto second = stage.ask("operator", "POST", "/v1/rollouts", kPlan);
    CHECK(second.status >= 400);
    CHECK(second.says("r1"));
    const auto held = stage.ask("operator", "POST", "/v1/routes/forum/switch", R"({"to": "green"})");
    CHECK(held.status == 409);
    CHECK(held.says("r1"));
    CHECK(stage.ask("viewer", "POST", "/v1/rollouts/r1/pause").status == 403);

    CHECK(stage.ask("operator", "POST", "/v1/rollouts/r1/pause").body["state"] == "paused");
    CHECK(stage.ask("operator", "POST", "/v1/rollouts/r1/pause").status >= 400);
    CHECK(stage.ask("operator", "POST", "/v1/rollouts/r1/resume").body["state"] == "running");
    CHECK(stage.ask("operator", "POST", "/v1/rollouts/r1/promote").status == 200);
    CHECK(stage.ask("operator", "POST", "/v1/rollouts/r1/abort").status == 200);
    stage.until([&] { return stage.weight("green") == 0; });
    CHECK(stage.ask("operator", "POST", "/v1/rollouts/r9/abort").detail() == "there is no rollout r9");
    const auto audit = stage.ask("viewer", "GET", "/v1/audit").body["audit"];
    CHECK(std::any_of(audit.begin(), audit.end(), [](const auto& line) { return line["verb"] == "rollout-abort"; }));
}

TEST_CASE("a plan that is wrong names every place, a dry run begins nothing, and nobody there is said") {
    AdminStage stage;
    const auto wrong =
        stage.ask("operator", "POST", "/v1/rollouts",
                  R"({"route": "forun", "from": "blue", "to": "grene", "steps": [{"weight": 5, "bak": "1m"}]})");
    CHECK(wrong.status == 422);
    const auto places = wrong.pointers();
    for (const char* place : {"/route", "/to", "/steps/0/bak"}) {
        CAPTURE(place);
        CHECK(std::find(places.begin(), places.end(), place) != places.end());
    }
    CHECK(wrong.says("forum"));
    auto forced = AdminStage::Json::parse(kPlan);
    forced["force"] = "please";
    CHECK(stage.ask("operator", "POST", "/v1/rollouts", forced.dump()).pointers() == Places{"/force"});
    CHECK(stage.ask("operator", "POST", "/v1/rollouts", "").status == 400);
    CHECK(stage.ask("operator", "POST", "/v1/rollouts", kPlan, {{"if-match", "\"7\""}}).status == 412);
    const auto tried = stage.ask("operator", "POST", "/v1/rollouts?dry_run=true", kPlan);
    CHECK(tried.status == 200);
    CHECK(tried.body["plan"]["to"] == "green");
    stage.green_is_there = false;
    const auto nobody = stage.ask("operator", "POST", "/v1/rollouts", kPlan);
    CHECK(nobody.status == 409);
    CHECK(nobody.says("connection refused"));
    CHECK(stage.ask("viewer", "GET", "/v1/rollouts").body["rollouts"].empty());
    CHECK(stage.generation() == 1);
}

TEST_CASE("a switch that is watched begins a rollout that guards it") {
    AdminStage stage;
    const auto done = stage.ask("operator", "POST", "/v1/routes/forum/switch", R"({"to": "green", "watch": "1m"})");
    CHECK(done.status == 200);
    CHECK(done.body["rollout"] == "r1");
    CHECK(stage.weight("green") == 100);
    CHECK(stage.ask("viewer", "GET", "/v1/rollouts/r1").body["holds_route"] == true);
}

TEST_CASE("a release is begun once, written by its runner alone, and taken back when it has ended") {
    AdminStage stage;
    CHECK(stage.ask("operator", "POST", "/v1/releases?dry_run=true", kRelease).body["fresh"] == true);
    CHECK(stage.ask("viewer", "GET", "/v1/releases").body["releases"].empty());
    const auto begun = stage.ask("operator", "POST", "/v1/releases", kRelease);
    CHECK(begun.status == 201);
    CHECK(begun.location == "/v1/releases/b41");
    CHECK(begun.body["outcome"] == "running");
    CHECK(stage.ask("operator", "POST", "/v1/releases", kRelease).status == 200);  // the same runner goes on

    const std::string steps = "/v1/releases/b41/steps";
    CHECK(stage.ask("operator", "POST", steps, R"({"runner": "one", "step": "smoke", "what": "begun"})").status == 200);
    const auto other = stage.ask("operator", "POST", steps, R"({"runner": "two", "step": "smoke", "what": "done"})");
    CHECK(other.status == 409);
    CHECK(stage.ask("operator", "POST", steps, R"({"runner": "one", "step": "dance", "what": "begun"})").pointers() ==
          Places{"/step"});
    CHECK(stage.ask("operator", "POST", steps, R"({"runner": "one", "step": "smoke", "what": "sung"})").pointers() ==
          Places{"/what"});
    CHECK(stage.ask("operator", "POST", "/v1/releases/b41/alive", R"({"runner": "one"})").pointers() ==
          Places{"/within"});
    CHECK(stage.ask("operator", "POST", "/v1/releases/b41/alive", R"({"runner": "one", "within": "30s"})").status ==
          200);
    CHECK(stage.ask("operator", "POST", "/v1/releases/b42/alive", R"({"runner": "one", "within": "30s"})").status ==
          404);
    CHECK(stage.ask("operator", "POST", "/v1/releases/b41/undo").status == 409);  // it runs
    CHECK(stage.generation() == 1);
}

TEST_CASE("a release that cannot be names what is wrong with it, all at once") {
    AdminStage stage;
    const auto empty = stage.ask("operator", "POST", "/v1/releases", R"({"wanted": "smoke"})");
    CHECK(empty.pointers() == Places{"/from", "/id", "/route", "/runner", "/to", "/wanted", "/within"});
    auto release = AdminStage::Json::parse(kRelease);
    const auto with = [&](const char* key, const AdminStage::Json& value) {
        auto out = release;
        out[key] = value;
        return stage.ask("operator", "POST", "/v1/releases", out.dump());
    };
    CHECK(with("id", "../b41").pointers() == Places{"/id"});
    CHECK(with("within", "2h").pointers() == Places{"/within"});
    CHECK(with("wanted", {"smoke", "smoke"}).pointers() == Places{"/wanted"});
    CHECK(with("to", "grene").status == 422);
    CHECK(with("route", "forun").status >= 400);
    CHECK(stage.ask("viewer", "GET", "/v1/releases/b41").detail() == "there is no release b41");
    CHECK(stage.ask("viewer", "GET", "/v1/releases").body["releases"].empty());
}
