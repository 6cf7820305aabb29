// Three-way merge: each row is a base, a file and a state, and what comes of them.
#include "config/merge/merge.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/check/validate.h"
#include "config/fields/render.h"
#include "config/merge/merge_order.h"
#include "config/parse.h"
#include "tests/support/random_model.h"

using namespace switchyard::config;
using Json = nlohmann::ordered_json;

namespace {

Json start() {
    return Json::parse(R"({
        "listeners": [{"name": "web", "bind": "127.0.0.1:80"}, {"name": "inner", "bind": "127.0.0.1:81"}],
        "upstreams": {
            "blue": {"endpoints": [{"address": "127.0.0.1:1"}, {"address": "127.0.0.1:2", "weight": 2}]},
            "green": {"endpoints": [{"address": "127.0.0.1:3"}]},
            "spare": {"endpoints": [{"address": "127.0.0.1:4"}]}
        },
        "routes": [
            {"name": "app", "rules": [
                {"name": "first", "when": {"header": "X-A", "equals": "1"}, "upstream": "green"},
                {"name": "second", "when": {"header": "X-B", "equals": "1"}, "upstream": "green"}],
             "split": {"blue": 100, "green": 0}, "timeouts": {"request": "10s"}},
            {"name": "api", "match": {"path_prefix": "/api"}, "split": {"blue": 1}, "jwt": {"algorithm": "HS256", "key": "secret"}},
            {"name": "old", "match": {"path_prefix": "/old"}, "redirect": {"to": "https://{host}/new"}}
        ]})");
}

// `patch` as JSON Patch (RFC 6902), so that a row says only what is different.
Model changed(const std::string& patch) {
    const auto result = parse(start().patch(Json::parse(patch)));
    for (const auto& error : result.errors) MESSAGE(error.pointer << ": " << error.detail);
    REQUIRE(result.model);
    return *result.model;
}

std::string with(const std::string& pointer, const std::string& value) {
    return R"([{"op":"add","path":")" + pointer + R"(","value":)" + value + "}]";
}
std::string instead(const std::string& pointer, const std::string& value) {
    return R"([{"op":"replace","path":")" + pointer + R"(","value":)" + value + "}]";
}
std::string without(const std::string& pointer) {
    return R"([{"op":"remove","path":")" + pointer + R"("}])";
}

struct Row {
    std::string title, file, state;  // JSON patches of the base
    std::string merged;              // the same; empty: a conflict
    std::string pointer, word;       // of the conflict, and what its detail says
};

const std::string kGreen = with("/routes/0/split", R"({"blue": 0, "green": 100})");

}  // namespace

TEST_CASE("what changed from the base to the file is applied to the state") {
    const std::string third = R"({"name":"third","when":{"header":"X-C","equals":"1"},"upstream":"blue"})";
    const std::string fourth = R"({"name":"fourth","when":{"header":"X-D","equals":"1"},"upstream":"blue"})";
    const std::vector<Row> rows{
        {"an unchanged file takes nothing back", "[]", kGreen, kGreen, "", ""},
        {"one more route in the file leaves the split alone",
         with("/routes/-", R"({"name":"new","match":{"path_prefix":"/new"},"split":{"blue":1}})"), kGreen,
         R"([{"op":"add","path":"/routes/-","value":{"name":"new","match":{"path_prefix":"/new"},"split":{"blue":1}}},
             {"op":"add","path":"/routes/0/split","value":{"blue":0,"green":100}}])",
         "", ""},
        {"another key of the same route as well", with("/routes/0/debug_headers", "true"), kGreen,
         R"([{"op":"add","path":"/routes/0/debug_headers","value":true},
             {"op":"add","path":"/routes/0/split","value":{"blue":0,"green":100}}])",
         "", ""},
        {"two keys of one object", with("/routes/0/timeouts/tunnel_idle", "\"1m\""),
         with("/routes/0/timeouts/request", "\"20s\""),
         with("/routes/0/timeouts", R"({"request":"20s","tunnel_idle":"1m"})"), "", ""},
        {"a split changed on both sides", with("/routes/0/split", R"({"blue":90,"green":10})"), kGreen, "",
         "/routes/0/split", R"(the file says {"blue":90,"green":10}, in force is {"blue":0,"green":100}, )"},
        {"equal ends are no conflict, and the file's spelling is taken", with("/routes/0/split", R"({"green":7})"),
         kGreen, with("/routes/0/split", R"({"green":7})"), "", ""},
        {"a split spelled anew in the file changes nothing", with("/routes/0/split", R"({"blue":3,"green":0})"), kGreen,
         kGreen, "", ""},
        {"equal durations in two spellings", with("/routes/0/timeouts/request", "\"60s\""),
         with("/routes/0/timeouts/request", "\"1m\""), with("/routes/0/timeouts/request", "\"1m\""), "", ""},
        {"a scalar changed to two ends", with("/routes/0/timeouts/request", "\"5s\""),
         with("/routes/0/timeouts/request", "\"20s\""), "", "/routes/0/timeouts/request",
         R"(the file says "5s", in force is "20s", the file last taken over said "10s")"},
        {"an endpoint's state from one side, its weight from the other",
         with("/upstreams/blue/endpoints/0/weight", "5"), with("/upstreams/blue/endpoints/0/state", "\"maint\""),
         instead("/upstreams/blue/endpoints/0", R"({"address":"127.0.0.1:1","weight":5,"state":"maint"})"), "", ""},
        {"overrides of discovered endpoints merge by address",
         with("/upstreams/blue/endpoint_overrides", R"({"10.0.0.1:1":{"weight":3}})"),
         with("/upstreams/blue/endpoint_overrides", R"({"10.0.0.2:1":{"state":"drain"}})"),
         with("/upstreams/blue/endpoint_overrides", R"({"10.0.0.1:1":{"weight":3},"10.0.0.2:1":{"state":"drain"}})"),
         "", ""},
        {"where endpoints are discovered is one value", with("/upstreams/blue/discover", R"({"file":{"path":"/a"}})"),
         with("/upstreams/blue/discover", R"({"file":{"path":"/b"}})"), "", "/upstreams/blue/discover",
         R"(the file says {"file":{"path":"/a"}})"},
        {"endpoints added on both sides", with("/upstreams/blue/endpoints/1", R"({"address":"127.0.0.1:21"})"),
         with("/upstreams/blue/endpoints/-", R"({"address":"127.0.0.1:22"})"),
         with("/upstreams/blue/endpoints",
              R"([{"address":"127.0.0.1:1"},{"address":"127.0.0.1:21"},{"address":"127.0.0.1:2","weight":2},
                     {"address":"127.0.0.1:22"}])"),
         "", ""},
        {"an endpoint that the file removes goes, drained or not", without("/upstreams/blue/endpoints/0"),
         with("/upstreams/blue/endpoints/0/state", "\"drain\""), without("/upstreams/blue/endpoints/0"), "", ""},
        {"but not when more was changed in it", without("/upstreams/blue/endpoints/0"),
         with("/upstreams/blue/endpoints/0/max_connections", "7"), "", "/upstreams/blue/endpoints/0",
         "the file removes it"},
        {"an endpoint removed at run time stays away", with("/routes/0/debug_headers", "true"),
         without("/upstreams/blue/endpoints/0"),
         R"([{"op":"remove","path":"/upstreams/blue/endpoints/0"},
             {"op":"add","path":"/routes/0/debug_headers","value":true}])",
         "", ""},
        {"and what the file changes in it is a conflict", with("/upstreams/blue/endpoints/0/weight", "9"),
         without("/upstreams/blue/endpoints/0"), "", "/upstreams/blue/endpoints/0", "removed at run time"},
        {"an upstream nobody needs is removed by the file", without("/upstreams/spare"),
         with("/upstreams/spare/endpoints/0/weight", "3"), without("/upstreams/spare"), "", ""},
        {"what the file removes must not be named by what the state keeps", without("/upstreams/spare"),
         with("/routes/1/split", R"({"spare":1})"), "", "/routes/1/split",
         "the split of route api names upstream spare, which the file removes"},
        {"not by a rule either", without("/upstreams/spare"), with("/routes/0/rules/0/upstream", "\"spare\""), "",
         "/routes/0/rules", "rule first of route app names upstream spare, which the file removes"},
        {"nor as a rule's fallback", without("/upstreams/spare"), with("/routes/0/rules/0/fallback", "\"spare\""), "",
         "/routes/0/rules", "rule first of route app names upstream spare, which the file removes"},
        {"nor by a breaker", without("/upstreams/spare"),
         with("/upstreams/blue/breaker", R"({"failure_percent":50,"fallback":"spare"})"), "",
         "/upstreams/blue/breaker/fallback", "the breaker of upstream blue names upstream spare"},
        {"and what the state removes not by the file", with("/routes/1/split", R"({"spare":1})"),
         without("/upstreams/spare"), "", "/routes/1/split", "upstream spare, which was removed at run time"},
        {"rules of both sides: the file's order, the state's behind its neighbour", with("/routes/0/rules/1", third),
         with("/routes/0/rules/1", fourth),
         R"([{"op":"add","path":"/routes/0/rules/1","value":)" + fourth +
             R"(},{"op":"add","path":"/routes/0/rules/2","value":)" + third + "}]",
         "", ""},
        {"the file's order", R"([{"op":"move","from":"/routes/0/rules/1","path":"/routes/0/rules/0"}])",
         with("/routes/0/rules/0", third),
         R"([{"op":"move","from":"/routes/0/rules/1","path":"/routes/0/rules/0"},
             {"op":"add","path":"/routes/0/rules/0","value":)" +
             third + "}]",
         "", ""},
        {"an order made at run time, which the file has not touched", with("/routes/0/rules/-", third),
         R"([{"op":"move","from":"/routes/0/rules/1","path":"/routes/0/rules/0"}])",
         R"([{"op":"move","from":"/routes/0/rules/1","path":"/routes/0/rules/0"},
             {"op":"add","path":"/routes/0/rules/1","value":)" +
             third + "}]",
         "", ""},
        {"a condition is one value", with("/routes/0/rules/0/when/equals", "\"2\""),
         with("/routes/0/rules/0/when/header", "\"X-Z\""), "", "/routes/0/rules/0/when", "X-Z"},
        {"a match is one value", with("/routes/1/match/hosts", R"(["a.example"])"),
         with("/routes/1/match/methods", R"(["GET"])"), "", "/routes/1/match", "a.example"},
        {"checks are one value", with("/upstreams/blue/health", R"({"type":"http"})"),
         with("/upstreams/blue/health", R"({"fall":1})"), "", "/upstreams/blue/health", "http"},
        {"a redirect that the file takes away and somebody has changed",
         instead("/routes/2", R"({"name":"old","match":{"path_prefix":"/old"},"split":{"blue":1}})"),
         with("/routes/2/redirect/status", "302"), "", "/routes/2/redirect", "302"},
        {"edits of headers go by name", with("/routes/0/request_headers", R"({"set":{"X-File":"1"}})"),
         with("/routes/0/request_headers", R"({"set":{"X-State":"1"}})"),
         with("/routes/0/request_headers", R"({"set":{"X-File":"1","X-State":"1"}})"), "", ""},
        {"the same thing added twice", with("/upstreams/teal", R"({"endpoints":[{"address":"127.0.0.1:9"}]})"),
         with("/upstreams/teal", R"({"endpoints":[{"address":"127.0.0.1:9","weight":4}]})"),
         with("/upstreams/teal", R"({"endpoints":[{"address":"127.0.0.1:9","weight":4}]})"), "", ""},
    };
    const auto base = changed("[]");
    for (const auto& row : rows) {
        CAPTURE(row.title);
        const auto result = merge(base, changed(row.file), changed(row.state));
        if (row.pointer.empty()) {
            for (const auto& conflict : result.conflicts) MESSAGE(conflict.pointer << ": " << conflict.detail);
            REQUIRE(result.model);
            CHECK(render_text(*result.model) == render_text(changed(row.merged)));
            continue;
        }
        CHECK_FALSE(result.model);
        REQUIRE(result.conflicts.size() == 1);
        CHECK(result.conflicts[0].pointer == row.pointer);
        CHECK_MESSAGE(result.conflicts[0].detail.find(row.word) != std::string::npos, result.conflicts[0].detail);
        MergeRules file_wins;
        file_wins.file_wins = true;
        const auto decided = merge(base, changed(row.file), changed(row.state), file_wins);
        REQUIRE(decided.model);
        CHECK(validate(*decided.model).empty());
        CHECK(merge(changed(row.file), changed(row.file), *decided.model).model == decided.model);
    }
}

TEST_CASE("a conflict shows its three values, but no secret") {
    const auto result = merge(changed("[]"), changed(with("/routes/1/jwt/key", "\"from-file\"")),
                              changed(with("/routes/1/jwt/key", "\"from-api\"")));
    REQUIRE(result.conflicts.size() == 1);
    const auto& conflict = result.conflicts[0];
    CHECK(conflict.pointer == "/routes/1/jwt/key");
    CHECK(conflict.file == "\"…\"");
    CHECK(conflict.detail.find("from-") == std::string::npos);
}

TEST_CASE("a route that a rollout holds changes only outside its split, its rules and its upstreams") {
    MergeRules rules;
    rules.held_by = [](const std::string& route) { return route == "app" ? "r1" : ""; };
    const auto base = changed("[]"), state = changed(with("/routes/0/split", R"({"blue":95,"green":5})"));
    for (const bool file_wins : {false, true}) {
        CAPTURE(file_wins);
        rules.file_wins = file_wins;
        const auto refused = [&](const std::string& file, const std::string& pointer) {
            CAPTURE(file);
            const auto result = merge(base, changed(file), state, rules);
            CHECK_FALSE(result.model);
            bool named = false;
            for (const auto& conflict : result.conflicts)
                named |= conflict.pointer == pointer && conflict.detail.find("rollout r1") != std::string::npos;
            if (!file_wins && pointer == "/routes/0/split") named |= !result.conflicts.empty();
            CHECK(named);
        };
        refused(with("/routes/0/split", R"({"blue":1,"green":1})"), "/routes/0/split");
        refused(without("/routes/0/rules/0"), "/routes/0/rules");
        refused(with("/upstreams/green/endpoints/0/weight", "3"), "/upstreams/green");
        const auto other = merge(base, changed(with("/routes/0/debug_headers", "true")), state, rules);
        REQUIRE(other.model);
        CHECK(other.model->routes[0].debug_headers);
        CHECK(other.model->routes[0].split == state.routes[0].split);
        CHECK(merge(base, changed(with("/upstreams/spare/endpoints/0/weight", "3")), state, rules).model);
    }
    // A spelling is no reason to touch what a rollout holds.
    const auto spelled = merge(base, changed(with("/routes/0/split", R"({"blue":19,"green":1})")), state, rules);
    REQUIRE(spelled.model);
    CHECK(spelled.model->routes[0].split == state.routes[0].split);
}

TEST_CASE("what only the file decides does not lose what only the state has") {
    MergeRules rules;
    rules.file_wins = true;
    const auto state = changed(
        R"([{"op":"add","path":"/routes/0/rules/-","value":{"name":"third","when":{"header":"X","present":true},"upstream":"blue"}},
            {"op":"add","path":"/routes/0/split","value":{"green":1}}])");
    const auto result = merge(changed("[]"), changed(with("/routes/0/split", R"({"blue":1,"green":1})")), state, rules);
    REQUIRE(result.model);
    CHECK(result.model->routes[0].rules.size() == 3);
    CHECK(result.model->routes[0].split == Split{{"blue", 1}, {"green", 1}});
}

TEST_CASE("names are woven behind the neighbour that they have") {
    using N = Names;
    CHECK(woven({}, {}) == N{});
    CHECK(woven({"a", "b"}, {"x", "a", "y", "z", "b", "w"}) == N{"x", "a", "y", "z", "b", "w"});
    CHECK(woven({"b", "n", "a"}, {"a", "x", "b", "y"}) == N{"b", "y", "n", "a", "x"});
    CHECK(woven({"a"}, {"x", "y"}) == N{"x", "y", "a"});
    CHECK(reordered({"a", "b", "c"}, {"c", "a"}));
    CHECK_FALSE(reordered({"a", "b", "c"}, {"a", "x", "c"}));
}

TEST_CASE("laws of the merge hold for configurations by chance") {
    Rng rng(20'261'129);
    const auto walked = [&](Model model) {
        for (auto steps = rng() % 4; steps > 0; --steps) model = random_edit(rng, model);
        return model;
    };
    MergeRules file_wins;
    file_wins.file_wins = true;
    unsigned met = 0, clean = 0;
    for (int round = 0; round < 600; ++round) {
        CAPTURE(round);
        const auto base = random_model(rng);
        auto file = walked(base), state = walked(base);
        file.process = state.process = base.process;
        CHECK(merge(base, base, state).model == state);
        CHECK(merge(base, file, base).model == file);
        CHECK(merge(base, file, file).model == file);
        const auto result = merge(base, file, state);
        CHECK(result.model.has_value() == result.conflicts.empty());
        const auto decided = merge(base, file, state, file_wins);
        REQUIRE(decided.model);
        if (!result.model) {
            ++met;
            continue;
        }
        ++clean;
        CHECK(decided.model == result.model);
        // The same file again changes nothing, whether it has become the base or not.
        CHECK(merge(file, file, *result.model).model == result.model);
        CHECK(merge(base, file, *result.model).model == result.model);
        // What neither side touched is as it was.
        for (const auto& [name, upstream] : base.upstreams)
            if (const auto f = file.upstreams.find(name), s = state.upstreams.find(name);
                f != file.upstreams.end() && s != state.upstreams.end() && f->second == upstream &&
                s->second == upstream)
                CHECK(result.model->upstreams.at(name) == upstream);
    }
    CHECK(met > 20);
    CHECK(clean > 100);
}
