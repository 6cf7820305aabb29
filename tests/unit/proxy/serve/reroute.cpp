// An arm of a split that is known to be down costs no client a 503 while another one serves.
#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "exchanges.h"
#include "proxy/serve/access_log_ring.h"
#include "proxy/upstream/endpoint_state.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

const std::string kTester = "GET / HTTP/1.1\r\nHost: a\r\nX-Release: next\r\n\r\n";

// Three upstreams with one endpoint each; connections to endpoints are not kept.
struct Yard {
    std::map<std::string, ListeningWire> endpoints;
    std::unique_ptr<Crank> crank;

    explicit Yard(const std::string& route, const std::map<std::string, std::string>& extras = {}) {
        std::string upstreams;
        for (const std::string name : {"blue", "green", "red"})
            upstreams += (upstreams.empty() ? "\"" : ", \"") + name + R"(": {"endpoints": [{"address": "127.0.0.1:)" +
                         std::to_string(endpoints[name].port()) + R"("}], "health": {"type": "none"})" +
                         (extras.count(name) > 0 ? extras.at(name) : "") + "}";
        crank = std::make_unique<Crank>(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {)" +
                                        upstreams + R"(}, "routes": [{"name": "all", )" + route + "}]}");
    }
    void up(const std::string& name, bool on) {
        for (const auto& upstream : crank->context.in_force->snapshot->upstreams)
            if (upstream->name == name) upstream->endpoints[0].state->set(upstream::EndpointState::up, on);
    }
    struct Outcome {
        std::string by;  // who answered; empty: the proxy itself
        std::string answer;
    };
    Outcome ask(const std::string& request = kGet) {
        Wire client = crank->client();
        crank->send(client, request);
        Outcome out;
        Wire connection;
        crank->until("an answer or a request", [&] {
            crank->turn();
            client.read();
            if (!client.seen.empty()) return true;
            for (auto& [name, listening] : endpoints) {
                connection = listening.accept();
                if (!connection.is_open()) continue;
                out.by = name;
                return true;
            }
            return false;
        });
        if (connection.is_open()) {
            crank->see(connection, "\r\n\r\n");
            crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            out.answer = crank->see(client, "ok");
        } else {
            out.answer = crank->see(client, "}\n");
        }
        return out;
    }
    struct Sum {
        std::uint64_t attempts = 0, failures = 0, rerouted = 0;
        bool operator==(const Sum&) const = default;
    };
    std::map<std::string, Sum> counted() {
        std::map<std::string, Sum> out;
        for (const auto& delta : crank->report().cells) {
            auto& sum = out[crank->registry.upstream_name(delta.upstream)];
            sum.attempts += delta.cell->attempts;
            sum.failures += delta.cell->failures;
            sum.rerouted += delta.cell->rerouted;
        }
        return out;
    }
};

const char* kHalves = R"("split": {"blue": 1, "green": 1})";

}  // namespace

TEST_CASE("the other arm serves, and the one that was meant has failed") {
    Yard yard(kHalves);
    yard.up("green", false);
    serve::AccessLogRing ring(-1, 256 * 1024);
    yard.crank->context.access_log = &ring;
    int flagged = 0;
    for (int i = 0; i < 10; ++i) {
        const auto outcome = yard.ask();
        CHECK(outcome.by == "blue");
        CHECK(status_of(outcome.answer) == "200");
        const auto line = nlohmann::json::parse(ring.pending());
        CHECK(line["upstream"] == "blue");
        flagged += line["flag"] == "rerouted";
        ring.written(ring.pending().size());
    }
    CHECK(flagged == 5);
    const auto counts = yard.counted();
    CHECK(counts.at("green") == Yard::Sum{5, 5, 5});
    CHECK(counts.at("blue") == Yard::Sum{5, 0, 0});
    yard.up("green", true);
    CHECK(yard.ask().by != yard.ask().by);
}

TEST_CASE("nobody left, or a route that does not re-route: 503 as before") {
    Yard off(std::string(kHalves) + R"(, "reroute": false)");
    off.up("green", false);
    std::map<std::string, int> answers;  // one of each in a block of two, in an order that is drawn
    for (int i = 0; i < 2; ++i) ++answers[status_of(off.ask().answer)];
    CHECK(answers == std::map<std::string, int>{{"200", 1}, {"503", 1}});
    CHECK(off.counted().at("green") == Yard::Sum{1, 1, 0});
    Yard alone(kHalves);
    alone.up("green", false);
    alone.up("blue", false);
    CHECK(status_of(alone.ask().answer) == "503");
    // An arm without a weight stands in for none.
    Yard idle(R"("split": {"blue": 0, "green": 1})");
    idle.up("green", false);
    CHECK(status_of(idle.ask().answer) == "503");
}

TEST_CASE("a rule's request is never answered by another release, unless the rule says so") {
    const std::string rule =
        R"(, "rules": [{"name": "testers", "when": {"header": "X-Release", "equals": "next"}, "upstream": "green")";
    Yard yard(R"("split": {"blue": 1, "green": 1})" + rule + "}]", {{"green", R"(, "breaker": {"fallback": "blue"})"}});
    yard.up("green", false);
    for (int i = 0; i < 4; ++i) {
        CHECK(status_of(yard.ask(kTester).answer) == "503");
        CHECK(yard.ask().by == "blue");
    }
    Yard kind(R"("split": {"blue": 1})" + rule + R"(, "fallback": "red"}])");
    kind.up("green", false);
    CHECK(kind.ask(kTester).by == "red");
    CHECK(kind.counted().at("green") == Yard::Sum{1, 1, 1});
    kind.up("green", true);
    CHECK(kind.ask(kTester).by == "green");
    kind.up("green", false);
    kind.up("red", false);
    CHECK(status_of(kind.ask(kTester).answer) == "503");
}

TEST_CASE("an open breaker leads a rule's requests to the rule's fallback, not to the upstream's") {
    const std::string rule =
        R"(, "rules": [{"name": "testers", "when": {"header": "X-Release", "equals": "next"}, "upstream": "green")";
    for (const std::string fallback : {"", R"(, "fallback": "red")"}) {
        Yard yard(R"("split": {"blue": 1})" + rule + fallback + "}]",
                  {{"green", R"(, "breaker": {"failure_percent": 1, "min_requests": 1, "fallback": "blue"})"}});
        yard.endpoints.at("green").close();
        // The first failure opens it; a rule with a fallback has an upstream for the second attempt at once.
        CHECK(status_of(yard.ask(kTester).answer) == (fallback.empty() ? "502" : "200"));
        const auto second = yard.ask(kTester);
        CHECK(second.by == (fallback.empty() ? "" : "red"));
        if (fallback.empty()) CHECK(status_of(second.answer) == "503");
    }
}

TEST_CASE("the arm's own fallback comes first") {
    Yard yard(kHalves, {{"green", R"(, "breaker": {"fallback": "red"})"}});
    yard.up("green", false);
    std::map<std::string, int> by;
    for (int i = 0; i < 6; ++i) ++by[yard.ask().by];
    CHECK(by == std::map<std::string, int>{{"blue", 3}, {"red", 3}});
    yard.up("red", false);
    for (int i = 0; i < 4; ++i) CHECK(yard.ask().by == "blue");
}

TEST_CASE("cookies stay: who was stuck to the arm, or to an endpoint of it, is so again when it is back") {
    Yard yard(std::string(kHalves) + R"(, "sticky": {"by": "cookie:uid", "mint": true})",
              {{"blue", R"(, "sticky_session": {"cookie": "place"})"},
               {"green", R"(, "sticky_session": {"cookie": "place"})"}});
    const auto cookie_of = [](const std::string& answer, const std::string& name) {
        const auto at = answer.find("Set-Cookie: " + name + "=");
        if (at == answer.npos) return std::string();
        const auto from = at + 13 + name.size();
        return answer.substr(from, answer.find_first_of(";\r", from) - from);
    };
    const auto with = [](const std::string& cookies) {
        return "GET / HTTP/1.1\r\nHost: a\r\nCookie: " + cookies + "\r\n\r\n";
    };
    // Fresh visitors until one is given to green.
    Yard::Outcome first;
    while ((first = yard.ask()).by != "green") REQUIRE(status_of(first.answer) == "200");
    const auto cookies = "uid=" + cookie_of(first.answer, "uid") + "; place=" + cookie_of(first.answer, "place");
    yard.up("green", false);
    const auto away = yard.ask(with(cookies));
    CHECK(away.by == "blue");
    CHECK(away.answer.find("Set-Cookie") == away.answer.npos);
    yard.up("green", true);
    CHECK(yard.ask(with(cookies)).by == "green");
    // A cookie that is made for a client that was re-routed leads to the arm that was meant.
    yard.up("green", false);
    std::string minted;
    yard.counted();
    for (int i = 0; i < 64 && minted.empty(); ++i) {
        const auto visitor = yard.ask();
        const auto uid = cookie_of(visitor.answer, "uid");
        CHECK_FALSE(uid.empty());
        if (yard.counted()["green"].rerouted > 0) minted = uid;
    }
    REQUIRE_FALSE(minted.empty());
    yard.up("green", true);
    CHECK(yard.ask(with("uid=" + minted)).by == "green");
}

TEST_CASE("where the others are only full, the request waits in their queue") {
    Yard yard(kHalves, {{"blue", R"(, "queue_limit": 4, "timeouts": {"queue": "9s"})"}});
    yard.up("green", false);
    auto& crank = *yard.crank;
    crank.publish([&] {
        std::string text = R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {)";
        for (const std::string name : {"blue", "green"})
            text +=
                (name == "blue" ? "\"" : ", \"") + name + R"(": {"endpoints": [{"address": "127.0.0.1:)" +
                std::to_string(yard.endpoints[name].port()) +
                R"(", "max_connections": 1}], "health": {"type": "none"}, "queue_limit": 4, "timeouts": {"queue": "9s"}})";
        return text + R"(}, "routes": [{"name": "all", )" + kHalves + "}]}";
    }());
    yard.up("green", false);
    Wire first = crank.client(), second = crank.client();
    crank.send(first, kGet);
    Wire connection = crank.accept(yard.endpoints["blue"]);
    crank.see(connection, "\r\n\r\n");
    connection.take();
    crank.send(second, kGet);
    CHECK(crank.context.waiting == 1);
    crank.send(connection, kOk);
    crank.see(first, "ok");
    crank.see(connection, "\r\n\r\n");
    crank.send(connection, kOk);
    CHECK(status_of(crank.see(second, "ok")) == "200");
}
