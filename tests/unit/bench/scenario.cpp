#include "bench/yardbench/scenario/scenario.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "bench/yardbench/scenario/scenario_workload.h"

using namespace yardbench;
using Json = nlohmann::json;

namespace {

// Answers what a workload sends, without a network.
class Player {
  public:
    explicit Player(const Scenario& scenario, unsigned users = 1)
        : workload_({&scenario, "app:80", "run", users, 1}, 0, 1) {}

    std::string next(std::uint32_t slot = 0) {
        call_ = Call{};
        workload_.next(slot, call_);
        return std::string(call_.bytes);
    }
    Verdict answer(const std::string& response, std::uint32_t slot = 0, Failure failure = Failure::none,
                   std::uint8_t attempts = 1) {
        ResponseReader reader;
        reader.begin(false, call_.keep_text);
        std::size_t used = 0;
        reader.feed(response, used);
        Outcome outcome;
        outcome.slot = slot;
        outcome.status = reader.status();
        outcome.failure = failure;
        outcome.attempts = attempts;
        outcome.response = &reader;
        return workload_.finished(outcome);
    }
    static std::string json(unsigned status, const std::string& body) {
        return "HTTP/1.1 " + std::to_string(status) +
               " x\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
               body;
    }
    ScenarioWorkload& workload() { return workload_; }
    const Call& call() const { return call_; }

  private:
    ScenarioWorkload workload_;
    Call call_;
};

Scenario one_step(Json step) {
    return parse_scenario({{"groups", {{{"mix", {std::move(step)}}}}}}, "");
}

}  // namespace

TEST_CASE("every scenario that is shipped is right") {
    int seen = 0;
    for (const auto& file : std::filesystem::directory_iterator("bench/scenarios")) {
        CAPTURE(file.path().string());
        CHECK_NOTHROW(load_scenario(file.path().string()));
        ++seen;
    }
    CHECK(seen >= 3);
}

TEST_CASE("all that is wrong is told at once, each with its place") {
    const Json document = Json::parse(R"({"grops": [], "groups": [{"mix": [
        {"name": "a", "path": "no-slash", "weight": 0}, {"name": "b", "path": "/${feed.x}", "think": "soon"},
        {"path": "/${", "expect": {"status": "ok"}}]}]})");
    std::string told;
    try {
        parse_scenario(document, "");
    } catch (const ScenarioError& error) {
        told = error.what();
    }
    for (const char* place :
         {"/grops", "/groups/0/mix/0/path", "/groups/0/mix/0/weight", "/groups/0/mix/1/path", "/groups/0/mix/1/think",
          "/groups/0/mix/2/name", "/groups/0/mix/2/path", "/groups/0/mix/2/expect/status"}) {
        CAPTURE(place);
        CAPTURE(told);
        CHECK(told.find(place) != std::string::npos);
    }
}

TEST_CASE("what would never be done, or never be found, is told before the run") {
    struct Row {
        const char* document;
        const char* told;
    };
    for (const Row row :
         {Row{R"({"groups": [{"mix": [{"name": "a", "path": "/${tokn}"}]}]})", "/groups/0/mix/0: ${tokn}"},
          Row{R"({"groups": [{"start": [{"name": "a", "path": "/", "capture": {"id": {"json": "/id"}}}],
                              "mix": [{"name": "a", "path": "/"}]},
                             {"mix": [{"name": "b", "path": "/${id}"}]}]})",
              "/groups/1/mix/0: ${id}"},
          Row{R"({"groups": [{"mix": [{"name": "a", "path": "/", "capture": {"t": {"json": "id"}}}]}]})",
              "/groups/0/mix/0/capture/t/json: expected a JSON pointer"},
          Row{R"({"groups": [{"mix": [{"name": "a", "path": "/", "acknowledge": "id"}]}]})", "/acknowledge"},
          Row{R"({"groups": [{"mix": [{"name": "a", "path": "/", "method": "GE T"}]}]})", "/method"},
          Row{R"({"groups": [{"mix": [{"name": "a", "path": "/", "headers": {"A": "b\r\nC: d"}}]}]})", "/headers/A"},
          Row{R"({"groups": [{"mix": [{"name": "a", "path": "/", "expect": {"status": 42}}]}]})", "100 to 599"},
          Row{R"({"groups": [{"mix": [{"name": "a", "path": "/", "think": {"least": "2s", "most": "1s"}}]}]})",
              "/think/most"},
          Row{R"({"feeds": {"f": {"file": "none.csv"}}, "groups": [{"mix": [{"name": "a", "path": "/"}]}]})",
              "/feeds/f/file: cannot read"},
          Row{R"({"stages": {"users": 5}, "groups": [{"mix": [{"name": "a", "path": "/"}]}]})", "/stages: expected"},
          Row{R"({"stages": [], "groups": [{"mix": [{"name": "a", "path": "/"}]}]})", "/stages: expected"},
          Row{R"({"stages": [{"users": 0.5}], "groups": [{"mix": [{"name": "a", "path": "/"}]}]})", "/stages/0/users"},
          Row{R"({"stages": [{"users": 1e12}], "groups": [{"mix": [{"name": "a", "path": "/"}]}]})",
              "/stages/0/users"}}) {
        CAPTURE(row.document);
        CHECK_THROWS_WITH_AS(parse_scenario(Json::parse(row.document), ""), doctest::Contains(row.told), ScenarioError);
    }
}

TEST_CASE("what is filled into a path can stand in a request line, and keeps what means something there") {
    const Scenario scenario =
        parse_scenario(Json::parse(R"({"feeds": {"q": ["blue & \"green\" 数"]}, "variables": {"at": "/a/b?c=%20d"},
        "groups": [{"mix": [{"name": "s", "path": "/x y?q=${feed.q}&at=${at}"}]}]})"),
                       "");
    Player player(scenario);
    CHECK(player.next().find("GET /x%20y?q=blue%20&%20%22green%22%20%E6%95%B0&at=/a/b?c=%20d HTTP/1.1\r\n") == 0);
}

TEST_CASE("what a step says itself is not said twice") {
    const Scenario scenario = one_step({{"name", "s"},
                                        {"method", "POST"},
                                        {"path", "/"},
                                        {"headers", {{"host", "else.where"}, {"content-type", "application/x+json"}}},
                                        {"body", {{"a", 1}}}});
    Player player(scenario);
    const std::string request = player.next();
    CHECK(request.find("host: else.where\r\n") != std::string::npos);
    CHECK(request.find("Host:") == std::string::npos);
    CHECK(request.find("content-type: application/x+json\r\n") != std::string::npos);
    CHECK(request.find("Content-Type:") == std::string::npos);
}

TEST_CASE("a user logs in, keeps the token and where to go, and uses both") {
    const Scenario scenario = parse_scenario(Json::parse(R"({"groups": [{
        "start": [{"name": "log in", "method": "POST", "path": "/login", "body": {"user": "u${user}"},
                   "capture": {"token": {"json": "/token"}, "place": {"header": "X-Place"}}}],
        "mix": [{"name": "write", "method": "POST", "path": "/at/${place}",
                 "headers": {"Authorization": "Bearer ${token}"}}]}]})"),
                                             "");
    Player player(scenario);
    CHECK(player.next().find("{\"user\":\"u0\"}") != std::string::npos);
    player.answer("HTTP/1.1 200 OK\r\nX-Place: home\r\nContent-Length: 15\r\n\r\n{\"token\": \"t1\"}");
    const std::string write = player.next();
    CHECK(write.find("POST /at/home HTTP/1.1\r\n") == 0);
    CHECK(write.find("Authorization: Bearer t1\r\n") != std::string::npos);
}

TEST_CASE("a start step that fails is tried again, and a mix step waits for its variables") {
    const Scenario scenario = parse_scenario(Json::parse(R"({"groups": [{
        "start": [{"name": "log in", "path": "/login", "capture": {"token": {"json": "/token"}}}],
        "mix": [{"name": "list", "path": "/list", "capture": {"id": {"json": "/items/*/id"}}},
                {"name": "read", "weight": 1000000, "path": "/read/${id}"}]}]})"),
                                             "");
    Player player(scenario);
    CHECK(player.next().find("GET /login") == 0);
    CHECK(player.answer(Player::json(500, "{}")).failure == Failure::status);
    CHECK(player.next().find("GET /login") == 0);
    CHECK(player.call().think > 0);
    CHECK(player.answer(Player::json(200, R"({"token": "t"})")).failure == Failure::none);
    CHECK(player.next().find("GET /list") == 0);
    player.answer(Player::json(200, R"({"items": [{"id": "only"}]})"));
    CHECK(player.next().find("GET /read/only") == 0);
}

TEST_CASE("a null is nothing to capture: the step that needs it waits") {
    const Scenario scenario = parse_scenario(Json::parse(R"({"groups": [{"mix": [
        {"name": "list", "path": "/list", "capture": {"next": {"json": "/next"}}},
        {"name": "more", "weight": 1000000, "path": "/list?cursor=${next}"}]}]})"),
                                             "");
    Player player(scenario);
    for (int turn = 0; turn < 3; ++turn) {
        CHECK(player.next().find("GET /list HTTP/1.1") == 0);
        player.answer(Player::json(200, R"({"next": null})"));
    }
    player.next();
    player.answer(Player::json(200, R"({"next": "c1"})"));
    CHECK(player.next().find("GET /list?cursor=c1 ") == 0);
}

TEST_CASE("what is expected is asserted: status, header, JSON") {
    struct Row {
        const char* what;
        const char* expect;
        std::string response;
        Failure failure;
    };
    const Row rows[] = {
        {"below 400 by default", R"({})", Player::json(302, "{}"), Failure::none},
        {"404 by default", R"({})", Player::json(404, "{}"), Failure::status},
        {"404 expected", R"({"status": [200, 404]})", Player::json(404, "{}"), Failure::none},
        {"201 expected, 200 came", R"({"status": 201})", Player::json(200, "{}"), Failure::assertion},
        {"header there", R"({"headers": {"content-type": "json"}})", Player::json(200, "{}"), Failure::none},
        {"header with another value", R"({"headers": {"Content-Type": "html"}})", Player::json(200, "{}"),
         Failure::assertion},
        {"value", R"({"json": {"/a/0": 5}})", Player::json(200, R"({"a": [5]})"), Failure::none},
        {"a name with a slash", R"({"json": {"/a~1b/~0": 5}})", Player::json(200, R"({"a/b": {"~": 5}})"),
         Failure::none},
        {"no number where a list is", R"({"json": {"/a/first": 5}})", Player::json(200, R"({"a": [5]})"),
         Failure::assertion},
        {"another value", R"({"json": {"/a/0": 5}})", Player::json(200, R"({"a": [6]})"), Failure::assertion},
        {"must exist", R"({"json": {"/a": {"exists": true}}})", Player::json(200, "{}"), Failure::assertion},
        {"must not exist", R"({"json": {"/a": {"exists": false}}})", Player::json(200, R"({"a": 1})"),
         Failure::assertion},
        {"not JSON", R"({"json": {"/a": 1}})", Player::json(200, "<html>"), Failure::assertion},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        const Scenario scenario = one_step({{"name", "s"}, {"path", "/"}, {"expect", Json::parse(row.expect)}});
        Player player(scenario);
        player.next();
        CHECK(player.answer(row.response).failure == row.failure);
        CHECK(player.workload().reasons().empty() == (row.failure == Failure::none));
    }
}

TEST_CASE("only a step that says so is sent again after a cut, and not for ever") {
    for (const bool retry : {true, false}) {
        CAPTURE(retry);
        const Scenario scenario =
            one_step({{"name", "w"}, {"method", "POST"}, {"path", "/"}, {"retry_cut", retry}, {"acknowledge", "/id"}});
        Player player(scenario);
        player.next();
        CHECK(player.answer("", 0, Failure::reset).retry == retry);
        CHECK(player.answer(Player::json(502, "{}")).retry == retry);
        CHECK_FALSE(player.answer("", 0, Failure::timeout).retry);
        CHECK_FALSE(player.answer("", 0, Failure::reset, kMaxAttempts).retry);
        CHECK(player.workload().acknowledged().empty());
        CHECK(player.answer(Player::json(201, R"({"id": "ab"})")).failure == Failure::none);
        CHECK(player.workload().acknowledged() == std::vector<std::string>{"ab"});
    }
}

TEST_CASE("${unique} never repeats, over users and requests") {
    const Scenario scenario = one_step({{"name", "s"}, {"path", "/${unique}"}});
    Player player(scenario, 20);
    std::set<std::string> seen;
    for (int turn = 0; turn < 50; ++turn)
        for (std::uint32_t user = 0; user < 20; ++user) seen.insert(player.next(user));
    CHECK(seen.size() == 1000);
}

TEST_CASE("weights and shares come out as written") {
    const Scenario scenario = parse_scenario(Json::parse(R"({"groups": [
        {"name": "many", "share": 80, "mix": [{"name": "a", "weight": 70, "path": "/a"}, {"name": "b", "weight": 30, "path": "/b"}]},
        {"name": "few", "share": 20, "mix": [{"name": "c", "path": "/c"}]}]})"),
                                             "");
    Player player(scenario, 100);
    std::map<std::string, int> counts;
    int few = 0;
    for (std::uint32_t user = 0; user < 100; ++user) {
        for (int i = 0; i < 100; ++i) ++counts[player.next(user).substr(4, 2)];
    }
    few = counts["/c"] / 100;
    CHECK(few >= 19);
    CHECK(few <= 21);
    CHECK(counts["/a"] / static_cast<double>(counts["/a"] + counts["/b"]) == doctest::Approx(0.7).epsilon(0.03));
}

TEST_CASE("feeds: rows in turn, fields by name") {
    const Scenario scenario =
        parse_scenario(Json::parse(R"({"feeds": {"people": [{"name": "ann", "age": 3}, {"name": "bob", "age": 4}]},
        "groups": [{"mix": [{"name": "s", "path": "/${feed.people.name}/${feed.people.age}"}]}]})"),
                       "");
    Player player(scenario);
    std::set<std::string> seen;
    for (int i = 0; i < 4; ++i) {
        const std::string request = player.next();
        seen.insert(request.substr(4, request.find(' ', 4) - 4));
    }
    CHECK(seen == std::set<std::string>{"/ann/3", "/bob/4"});
}

TEST_CASE("the body's length is the body's length, with a captured value that needs escaping") {
    const Scenario scenario =
        parse_scenario(Json::parse(R"({"variables": {"said": "a \"quoted\" word"}, "groups": [{"mix": [
        {"name": "s", "method": "POST", "path": "/", "body": {"text": "${said}"}}]}]})"),
                       "");
    Player player(scenario);
    const std::string request = player.next();
    const std::string body = request.substr(request.find("\r\n\r\n") + 4);
    CHECK(Json::parse(body)["text"] == "a \"quoted\" word");
    CHECK(request.find("Content-Length: " + std::to_string(body.size()) + "\r\n") != std::string::npos);
    CHECK(request.find("Content-Type: application/json\r\n") != std::string::npos);
}
