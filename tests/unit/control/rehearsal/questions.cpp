// What another program is asked before it takes over: requests that were served lately, and whether it treats them
// alike.
#include "control/rehearsal/questions.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "config/model.h"
#include "config/parse.h"
#include "control/rehearsal/rehearsal.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/registry.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {
namespace {

constexpr const char* kRoutes = R"({
    "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
    "upstreams": {"blue": {"endpoints": [{"address": "127.0.0.1:1"}]}, "green": {"endpoints": [{"address": "127.0.0.1:2"}]}},
    "routes": [
        {"name": "beta", "match": {"hosts": ["a"]}, "rules": [{"name": "testers", "when": {"header": "X-Tester", "equals": "yes"},
         "upstream": "green"}], "split": {"blue": 50, "green": 50}, "limits": {"in_flight": 1}},
        {"name": "sticky", "match": {"hosts": ["b"]}, "sticky": {"by": "header:X-User"}, "split": {"blue": 50, "green": 50}},
        {"name": "own", "match": {"hosts": ["c"]}, "respond": {"status": 204}}]})";

struct Yard {
    explicit Yard(std::string text = kRoutes) {
        auto parsed = config::parse(text);
        REQUIRE(parsed.model.has_value());
        auto compiled = compile(std::make_shared<const config::Model>(std::move(*parsed.model)), 1, registry);
        REQUIRE(compiled.snapshot);
        snapshot = compiled.snapshot;
    }
    Registry registry{1};
    std::shared_ptr<const Snapshot> snapshot;
};

std::string with(const std::string& what, const std::string& instead) {
    std::string out = kRoutes;
    const auto at = out.find(what);
    REQUIRE(at != std::string::npos);
    return out.replace(at, what.size(), instead);
}

RecentRequest get(const std::string& host, std::vector<std::pair<std::string, std::string>> fields = {}) {
    return {"GET", "/path?token=secret", host, "127.0.0.1", "web", std::move(fields)};
}

nlohmann::ordered_json asked(const Yard& yard) {
    return questions_of(*yard.snapshot,
                        {{get("a"), get("a", {{"X-Tester", "yes"}}), get("c")}, {get("b", {{"X-User", "7"}})}},
                        Moment::now());
}

}  // namespace

TEST_CASE(
    "the same configuration answers alike, whatever the turn of a split, a limit and the health of endpoints are") {
    Yard here, there;
    const auto questions = asked(here);
    REQUIRE(questions.size() == 4);
    CHECK(questions[0]["answer"] == nlohmann::ordered_json{{"route", "beta"}, {"by", "position"}});
    CHECK(questions[1]["answer"]["by"] == "sticky");  // workers have their turns
    CHECK(questions[1]["answer"].contains("upstream"));
    here.registry.cursor("beta")->next += 1;
    here.registry.route_count("beta")->value = 1;
    here.registry.endpoint("blue", "127.0.0.1:1")->set(upstream::EndpointState::up, true);
    CHECK(asked(here) == questions);
    const auto count = answer_alike(*there.snapshot, questions, Moment::now());
    REQUIRE(count.has_value());
    CHECK(*count == 4);
}

TEST_CASE(
    "a request that would be treated otherwise is named, without its query, with both answers and what can be done") {
    const auto questions = asked(Yard());
    const auto refusal_of = [&](const std::string& config) {
        const auto answer = answer_alike(*Yard(config).snapshot, questions, Moment::now());
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().detail.find("secret") == std::string::npos);
        CHECK(answer.error().detail.find("switchyard explain") != std::string::npos);
        return answer.error().detail;
    };
    const auto rule = refusal_of(with(R"("equals": "yes")", R"("equals": "no")"));
    CHECK(rule.find("GET a/path") != std::string::npos);
    CHECK(rule.find(R"("rule":"testers")") != std::string::npos);
    CHECK(refusal_of(with(R"("status": 204)", R"("status": 200)")).find("GET c/path") != std::string::npos);
    CHECK(refusal_of(with(R"(["b"])", R"(["d"])")).find("GET b/path") != std::string::npos);
    CHECK(refusal_of(with(R"("header:X-User")", R"("header:X-Other")")).find("GET b/path") != std::string::npos);
}

TEST_CASE("what cannot be asked about is passed over, and so is more than is asked") {
    Yard yard;
    auto odd = get("a", {{"X-Name", "\xff"}});
    auto gone = get("a");
    gone.listener = "a-listener-of-before";
    CHECK(questions_of(*yard.snapshot, {{odd, gone, get("c")}}, Moment::now()).size() == 1);
    const std::vector<RecentRequest> many(30, get("c"));
    CHECK(questions_of(*yard.snapshot, {many, many}, Moment::now()).size() == kMostQuestions);
    CHECK(*answer_alike(*yard.snapshot, nullptr, Moment::now()) == 0);  // of a program that asks nothing
}

TEST_CASE("what is known of names and discovered crosses") {
    KnownAddresses known;
    known.of["app.internal"] = {"10.0.0.7", "fd00::7"};
    config::Endpoint found;
    found.address = *config::Address::parse("10.0.0.8:80");
    known.discovered["app"] = {found};
    const auto read = known_of(known_text(known));
    CHECK(read.of == known.of);
    REQUIRE(read.found("app").size() == 1);
    CHECK(read.found("app")[0].address == found.address);
    CHECK(known_of(nullptr).of.empty());
}

}  // namespace switchyard::control
