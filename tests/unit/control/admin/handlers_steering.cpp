// Calls that move traffic: switch, split, several edits at once, undo, confirmation. Who may, what is said of a call
// that is wrong, and that such a call changes nothing.
#include "tests/unit/control/admin/admin_stage.h"

namespace {

using Texts = std::vector<std::string>;

// A call that is refused leaves generation, split and audit as they are.
struct Untouched {
    explicit Untouched(AdminStage& stage_)
        : stage(stage_), generation(stage.generation()), green(stage.weight("green")), audited(stage.audited()) {}
    ~Untouched() {
        CHECK(stage.generation() == generation);
        CHECK(stage.weight("green") == green);
        CHECK(stage.audited() == audited);
    }
    AdminStage& stage;
    const std::uint64_t generation;
    const std::uint32_t green;
    const std::size_t audited;
};

}  // namespace

TEST_CASE("who may: nobody without a token, no viewer where something is moved, and the refusal names both roles") {
    AdminStage stage;
    const Untouched untouched(stage);
    struct Row {
        const char *method, *path, *needs;
    };
    for (const Row& row :
         {Row{"POST", "/v1/routes/forum/switch", "operator"}, Row{"PUT", "/v1/routes/forum/split", "operator"},
          Row{"POST", "/v1/changes", "operator"}, Row{"POST", "/v1/undo", "operator"},
          Row{"POST", "/v1/changes/1/confirm", "operator"}, Row{"PUT", "/v1/config", "admin"},
          Row{"POST", "/v1/config/apply", "admin"}, Row{"POST", "/v1/config/check", "operator"},
          Row{"POST", "/v1/rollouts", "operator"}, Row{"POST", "/v1/rollouts/r1/abort", "operator"},
          Row{"POST", "/v1/releases", "operator"}, Row{"POST", "/v1/releases/b1/undo", "operator"}}) {
        CAPTURE(row.path);
        const auto nobody = stage.ask("", row.method, row.path);
        CHECK(nobody.status == 401);
        CHECK(nobody.says("Authorization: Bearer TOKEN"));
        const auto viewer = stage.ask("viewer", row.method, row.path);
        CHECK(viewer.status == 403);
        CHECK(viewer.detail() == "token viewer has the role viewer; this call needs " + std::string(row.needs));
    }
    CHECK(stage.ask("operator", "PUT", "/v1/config", "{}").status == 403);
    CHECK(stage.ask("guessed", "POST", "/v1/undo").status == 401);
}

TEST_CASE("a switch is answered with its generation when every worker has adopted it, and stands in the audit") {
    AdminStage stage;
    const auto done = stage.ask("operator", "POST", "/v1/routes/forum/switch", R"({"to": "green"})",
                                {{"x-reason", "release 7"}, {"if-match", "\"1\""}});
    CHECK(done.status == 200);
    CHECK(done.body["generation"] == 2);
    CHECK(done.etag == "\"2\"");
    CHECK(stage.weight("green") == 100);
    CHECK(stage.published.back() == 2);
    const auto audit = stage.ask("viewer", "GET", "/v1/audit?limit=1").body["audit"];
    REQUIRE(audit.size() == 1);
    CHECK(audit[0]["who"] == "operator");
    CHECK(audit[0]["verb"] == "switch");
    CHECK(audit[0]["reason"] == "release 7");
    CHECK(audit[0]["generation"] == 2);
}

TEST_CASE("a switch that is wrong names what is wrong where, and the cure") {
    AdminStage stage;
    const Untouched untouched(stage);
    const auto ask = [&](const char* body) { return stage.ask("operator", "POST", "/v1/routes/forum/switch", body); };
    CHECK(ask("").says("the body is empty; expected JSON"));
    CHECK(ask("{\"to\":").status == 400);
    CHECK(ask("[]").says("must be an object, is array"));
    const auto several = ask(R"({"too": "green", "force": 1, "confirm_within": "soon", "require": {"healthy": -1}})");
    CHECK(several.status == 422);
    CHECK(several.pointers() == Texts{"/confirm_within", "/force", "/require/healthy", "/to", "/too"});
    const auto unknown = ask(R"({"to": "grene"})");
    CHECK(unknown.status == 422);
    CHECK(unknown.says("green"));
    const auto both = ask(R"({"to": "green", "watch": "1m", "confirm_within": "1m"})");
    CHECK(both.pointers() == Texts{"/confirm_within"});
    CHECK(ask(R"({"to": "green", "watch": "0s"})").pointers() == Texts{"/watch"});
    const auto nowhere = stage.ask("operator", "POST", "/v1/routes/forun/switch", R"({"to": "green"})");
    CHECK(nowhere.status == 404);
    CHECK(nowhere.says("forum"));
    CHECK(stage.ask("operator", "POST", "/v1/routes/forum/switch?dryrun=true", R"({"to": "green"})").says("dry_run"));
    CHECK(stage.ask("operator", "POST", "/v1/routes/forum/switch?dry_run=maybe", R"({"to": "green"})").status == 400);
}

TEST_CASE("what others have changed meanwhile, what has nobody, and what is only tried, changes nothing") {
    AdminStage stage;
    const std::string body = R"({"to": "green"})";
    {
        const Untouched untouched(stage);
        const auto stale = stage.ask("operator", "POST", "/v1/routes/forum/switch", body, {{"if-match", "\"7\""}});
        CHECK(stale.status == 412);
        CHECK(stale.detail() == "generation 1 is in force; read it again and repeat the change");
        const auto tried = stage.ask("operator", "POST", "/v1/routes/forum/switch?dry_run=true", body);
        CHECK(tried.status == 200);
        CHECK(tried.body["dry_run"] == true);
        CHECK_FALSE(tried.body["changes"].empty());
        stage.facts["green"].healthy = 0;
        const auto nobody = stage.ask("operator", "POST", "/v1/routes/forum/switch", body);
        CHECK(nobody.status == 409);
        CHECK(nobody.says("green"));
        CHECK(nobody.says("force"));
    }
    CHECK(stage.ask("operator", "POST", "/v1/routes/forum/switch?force=true", body).status == 200);
    CHECK(stage.weight("green") == 100);
}

TEST_CASE("a key makes a repeated call the same call; another call by it is refused") {
    AdminStage stage;
    const std::map<std::string, std::string> key{{"idempotency-key", "deploy-7"}};
    CHECK(stage.ask("operator", "POST", "/v1/routes/forum/switch", R"({"to": "green"})", key).body["generation"] == 2);
    const auto again = stage.ask("operator", "POST", "/v1/routes/forum/switch", R"({"to": "green"})", key);
    CHECK(again.status == 200);
    CHECK(again.body["generation"] == 2);
    const Untouched untouched(stage);
    const auto other = stage.ask("operator", "POST", "/v1/routes/forum/switch", R"({"to": "blue"})", key);
    CHECK(other.status == 422);
    CHECK(other.says("this Idempotency-Key was used for another call"));
}

TEST_CASE("a split sets the weights as they are said, or says which of them is wrong") {
    AdminStage stage;
    CHECK(stage.ask("operator", "PUT", "/v1/routes/forum/split", R"({"blue": 90, "green": 10})").status == 200);
    CHECK(stage.weight("green") == 10);
    const Untouched untouched(stage);
    const auto ask = [&](const char* body) { return stage.ask("operator", "PUT", "/v1/routes/forum/split", body); };
    CHECK(ask(R"({"blue": -1})").pointers() == Texts{"/blue"});
    CHECK(ask(R"({"blue": 90, "green": "ten"})").pointers() == Texts{"/green"});
    CHECK(ask("7").status == 422);
    const auto unknown = ask(R"({"blue": 90, "grene": 10})");
    CHECK(unknown.status == 422);
    CHECK(unknown.says("green"));
    CHECK(ask(R"({"blue": 0, "green": 0})").status >= 400);
}

TEST_CASE("several edits are one generation or none: the one that cannot be made is named by its place") {
    AdminStage stage;
    {
        const Untouched untouched(stage);
        const auto second = stage.ask("operator", "POST", "/v1/changes",
                                      R"([{"verb": "switch", "route": "forum", "to": "green"},
                                          {"verb": "switch", "route": "shop", "to": "red"}])");
        CHECK(second.status == 422);
        CHECK(second.says("/1"));
        CHECK(stage.ask("operator", "POST", "/v1/changes", R"([{"verb": "swich"}])").pointers() == Texts{"/0/verb"});
        CHECK(stage.ask("operator", "POST", "/v1/changes", "[]").pointers() == Texts{"/changes"});
        const auto lacking = stage.ask("operator", "POST", "/v1/changes",
                                       R"({"require": {"upstream": "green", "healthy": 3},
                                           "changes": [{"verb": "switch", "route": "forum", "to": "green"}]})");
        CHECK(lacking.status == 409);
        CHECK(lacking.detail().starts_with("/require: "));
    }
    CHECK(stage
              .ask("operator", "POST", "/v1/changes",
                   R"([{"verb": "switch", "route": "forum", "to": "green"},
                        {"verb": "switch", "route": "shop", "to": "green"}])")
              .body["generation"] == 2);
    CHECK(stage.weight("green") == 100);
}

TEST_CASE("an undo goes back to what was, or says why there is nothing to go back to") {
    AdminStage stage;
    {
        const Untouched untouched(stage);
        CHECK(stage.ask("operator", "POST", "/v1/undo").status >= 400);
        CHECK(stage.ask("operator", "POST", "/v1/undo", R"({"to": 0})").pointers() == Texts{"/to"});
        CHECK(stage.ask("operator", "POST", "/v1/undo", R"({"to": "yesterday"})").pointers() == Texts{"/to"});
        CHECK(stage.ask("operator", "POST", "/v1/undo", R"({"too": 1})").pointers() == Texts{"/too"});
        const auto unknown = stage.ask("operator", "POST", "/v1/undo", R"({"to": 77})");
        CHECK(unknown.status == 404);
        CHECK(unknown.says("77"));
    }
    REQUIRE(stage.ask("operator", "POST", "/v1/routes/forum/switch", R"({"to": "green"})").status == 200);
    const auto back = stage.ask("operator", "POST", "/v1/undo");
    CHECK(back.status == 200);
    CHECK(back.body["generation"] == 3);
    CHECK(stage.weight("green") == 0);
}

TEST_CASE("a change that waits for its confirmation is kept by it; what does not wait is told so") {
    AdminStage stage;
    {
        const Untouched untouched(stage);
        const auto none = stage.ask("operator", "POST", "/v1/changes/1/confirm");
        CHECK(none.status == 404);
        CHECK(none.detail() == "generation 1 does not wait for confirmation");
        CHECK(stage.ask("operator", "POST", "/v1/changes/first/confirm").detail() ==
              "\"first\" is not a generation number");
        CHECK(stage.ask("operator", "POST", "/v1/changes/1/confirm", R"({"within": "25h"})").pointers() ==
              Texts{"/within"});
    }
    REQUIRE(
        stage.ask("operator", "POST", "/v1/routes/forum/switch", R"({"to": "green", "confirm_within": "1h"})").status ==
        200);
    const auto kept = stage.ask("operator", "POST", "/v1/changes/2/confirm");
    CHECK(kept.status == 200);
    CHECK(kept.body["confirmed"] == true);
    CHECK(stage.ask("operator", "POST", "/v1/changes/2/confirm").status == 404);
}
