// The shell around the rule, against real sockets.
#include "control/watch/health_checker.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <vector>

#include "config/model.h"

using namespace switchyard;
using namespace switchyard::control;
using boost::asio::ip::tcp;

namespace {

// Reads once, answers every connection with `status` and closes it.
struct Answering {
    boost::asio::io_context& io;
    tcp::acceptor acceptor;
    unsigned status = 200;
    unsigned asked = 0;
    std::string heard;  // by the last connection
    std::string raw;    // answered instead, when set
    bool silent = false;
    std::vector<std::shared_ptr<tcp::socket>> held;

    explicit Answering(boost::asio::io_context& io_)
        : io(io_), acceptor(io, tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0)) {
        accept();
    }
    std::string address() const { return "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()); }
    void accept() {
        acceptor.async_accept([this](boost::system::error_code ec, tcp::socket socket) {
            if (ec) return;
            ++asked;
            auto kept = std::make_shared<tcp::socket>(std::move(socket));
            if (silent) held.push_back(kept);
            auto bytes = std::make_shared<std::string>(1024, '\0');
            kept->async_read_some(boost::asio::buffer(*bytes), [this, kept, bytes](auto, std::size_t size) {
                heard = bytes->substr(0, size);
                if (silent) return;
                *bytes = "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 0\r\n\r\n";
                if (!raw.empty()) *bytes = raw;
                boost::asio::async_write(*kept, boost::asio::buffer(*bytes), [kept, bytes](auto, auto) {});
            });
            accept();
        });
    }
};

struct Bench {
    boost::asio::io_context io;
    std::map<std::string, std::shared_ptr<upstream::EndpointState>> states;
    std::vector<HealthChecker::Transition> transitions;
    HealthChecker checker{io.get_executor(),
                          [this](const std::string& u, const std::string& a) {
                              auto& state = states[u + " " + a];
                              if (!state)
                                  state = std::make_shared<upstream::EndpointState>(
                                      static_cast<std::uint32_t>(states.size()), u, a);
                              return state;
                          },
                          [this](HealthChecker::Transition t) { transitions.push_back(std::move(t)); }};

    config::Model model_with(const std::string& address, config::Health::Type type) {
        config::Model m;
        config::Upstream u;
        u.endpoints.push_back({*config::Address::parse(address), 1, 0, false, config::EndpointState::up});
        u.health.type = type;
        u.health.interval = std::chrono::milliseconds(20);
        u.health.rise = u.health.fall = 1;
        m.upstreams.emplace("blue", u);
        return m;
    }
    template <class Done>
    void until(Done done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done()) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            io.restart();
            io.run_one_for(std::chrono::milliseconds(50));
        }
    }
};

}  // namespace

TEST_CASE("an endpoint is not up before its first check, and follows what it answers") {
    Bench b;
    Answering endpoint(b.io);
    const auto model = b.model_with(endpoint.address(), config::Health::Type::http);
    b.checker.follow(model);
    const auto state = b.states.begin()->second;
    CHECK_FALSE(state->healthy());
    CHECK_FALSE(b.checker.all_checked());
    b.until([&] { return state->healthy(); });
    CHECK(b.checker.all_checked());
    endpoint.status = 503;
    b.until([&] { return !state->healthy(); });
    CHECK(b.transitions.back().detail.find("answered 503") != std::string::npos);
    endpoint.status = 204;
    b.until([&] { return state->healthy(); });
    CHECK(state->up_since_ms.load() > 0);
}

TEST_CASE("a port that nobody listens on is down, with the reason; none is up at once") {
    Bench b;
    std::string address;
    {
        tcp::acceptor closed(b.io, tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0));
        address = "127.0.0.1:" + std::to_string(closed.local_endpoint().port());
    }
    b.checker.follow(b.model_with(address, config::Health::Type::tcp));
    b.until([&] { return !b.transitions.empty(); });
    CHECK_FALSE(b.transitions[0].up);
    CHECK(b.transitions[0].detail.find("refused") != std::string::npos);
    b.checker.follow(b.model_with(address, config::Health::Type::none));
    CHECK(b.states.begin()->second->healthy());
}

TEST_CASE("health survives an unrelated change, and a removed endpoint is no longer asked") {
    Bench b;
    Answering endpoint(b.io);
    auto model = b.model_with(endpoint.address(), config::Health::Type::http);
    b.checker.follow(model);
    const auto state = b.states.begin()->second;
    b.until([&] { return state->healthy(); });
    model.upstreams["green"];
    b.checker.follow(model);
    CHECK(state->healthy());
    b.checker.follow(config::Model{});
    CHECK(b.checker.seen("blue", endpoint.address()) == nullptr);
    b.io.restart();
    b.io.run_for(std::chrono::milliseconds(60));  // a check under way may still end
    const auto asked = endpoint.asked;
    b.io.restart();
    b.io.run_for(std::chrono::milliseconds(100));
    CHECK(endpoint.asked == asked);
}

TEST_CASE(
    "an endpoint that is told its clients gets the header of a connection that has none, in every kind of check") {
    using namespace std::string_literals;
    struct Row {
        std::uint8_t version;
        config::Health::Type type;
        std::string said;
    };
    const std::string local = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s;
    for (const Row& row : {Row{1, config::Health::Type::http, "PROXY UNKNOWN\r\n"},
                           Row{2, config::Health::Type::http, local}, Row{2, config::Health::Type::tcp, local}}) {
        Bench b;
        Answering endpoint(b.io);
        auto model = b.model_with(endpoint.address(), row.type);
        model.upstreams["blue"].send_proxy_protocol = row.version;
        b.checker.follow(model);
        b.until([&] { return b.states.begin()->second->healthy() && !endpoint.heard.empty(); });
        CHECK(endpoint.heard.starts_with(row.said));
        // A change of the version alone holds from the next check on.
        model.upstreams["blue"].send_proxy_protocol = 0;
        b.checker.follow(model);
        b.until([&] { return !endpoint.heard.starts_with(row.said); });
    }
}

TEST_CASE("each address of a name is checked by itself, where the data plane connects to; a name without one is not") {
    Bench b;
    Answering endpoint(b.io);
    const auto name = "app.test:" + std::to_string(endpoint.acceptor.local_endpoint().port());
    const auto model = b.model_with(name, config::Health::Type::http);
    b.checker.follow(model);
    CHECK(b.states.empty());
    CHECK(b.checker.all_checked());  // there is no endpoint to check
    b.checker.follow(model, {1, {{"app.test", {"127.0.0.1", "127.0.0.2"}}}});
    const auto here = b.states.at("blue " + name + "@127.0.0.1"), there = b.states.at("blue " + name + "@127.0.0.2");
    b.until([&] { return b.transitions.size() == 2; });
    CHECK(here->healthy());
    CHECK_FALSE(there->healthy());
    CHECK(endpoint.heard.find("\r\nHost: " + name + "\r\n") != std::string::npos);
    // The one that stays keeps its health.
    b.checker.follow(model, {2, {{"app.test", {"127.0.0.1"}}}});
    CHECK(here->healthy());
    CHECK(b.checker.seen("blue", name + "@127.0.0.2") == nullptr);
}

TEST_CASE("an answer is healthy exactly where traffic takes it") {
    const auto found = [](const std::string& raw) {
        Bench b;
        Answering endpoint(b.io);
        endpoint.raw = raw;
        b.checker.follow(b.model_with(endpoint.address(), config::Health::Type::http));
        b.until([&] { return b.checker.all_checked(); });
        return b.transitions.empty() || b.transitions[0].up ? std::string() : b.transitions[0].detail;
    };
    for (const std::string taken :
         {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9437184\r\n\r\n",
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
          "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
        CAPTURE(taken);
        CHECK(found(taken) == "");
    }
    for (const std::string refused :
         {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
          "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
          "HTTP/1.1 2OO OK\r\n\r\n"}) {
        CAPTURE(refused);
        CHECK(found(refused).starts_with("the answer is refused: "));
    }
}

TEST_CASE("checks that others have reported as wrong: what counts, and what is said of what does not") {
    struct Report {
        const char* source;  // owner/repository#number on GitHub
        std::string answer;
        std::vector<unsigned> expect;
        const char* detail;  // how it begins; empty: healthy
    };
    const Report kReports[] = {
        {"basecamp/kamal#1041",
         "HTTP/1.1 301 Moved\r\nLocation: https://a/up\r\nContent-Length: 0\r\n\r\n",
         {200, 204},
         "answered 301, expected 200, 204"},
        {"haproxy/haproxy#1079",
         "HTTP/1.1 206 OK\r\nContent-Length: 8\r\n\r\nStandby\n",
         {200},
         "answered 206, expected 200"},
        {"haproxy/haproxy#622", "HTTP/1.1 401 Authorization Required\r\nContent-Length: 2\r\n\r\nno", {401}, ""},
        {"haproxy/haproxy#2330",
         "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
         {200},
         "answered 404, expected 200"},
        {"haproxy/haproxy#1420, #2491", "no head at all, and nothing of HTTP\n", {200}, "the answer is refused: "},
        {"haproxy/haproxy#991",
         "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + std::string(300'000, 'p'),
         {200},
         ""},
        {"haproxy/haproxy#991", "HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\nonly the beginning", {200}, ""},
        {"basecamp/kamal-proxy#60", "HTTP/1.1 200 OK\r\nContent-", {200}, "waiting for the answer: "},
    };
    for (const Report& report : kReports) {
        const std::string source = report.source;
        CAPTURE(source);
        Bench b;
        Answering endpoint(b.io);
        endpoint.raw = report.answer;
        auto model = b.model_with(endpoint.address(), config::Health::Type::http);
        auto& health = model.upstreams.at("blue").health;
        health.expect.clear();
        for (const auto status : report.expect)
            health.expect.push_back(config::StatusRange::one(static_cast<std::uint16_t>(status)));
        health.host = "app.example";  // basecamp/kamal-proxy#175, basecamp/kamal#992
        b.checker.follow(model);
        b.until([&] { return b.checker.all_checked(); });
        CHECK(endpoint.heard.find("\r\nHost: app.example\r\n") != std::string::npos);
        REQUIRE(b.transitions.size() == 1);
        CHECK(b.transitions[0].up == (*report.detail == '\0'));
        CHECK(b.transitions[0].detail.starts_with(report.detail));
    }
}

TEST_CASE("a check says what it is told to say, elsewhere if it is told so, and reads the answer it is told to want") {
    struct Row {
        const char* answer;
        const char* detail;  // empty: up
    };
    const Row kRows[] = {
        {"HTTP/1.1 203 x\r\nContent-Length: 13\r\n\r\n{\"ok\":  true}", ""},
        {"HTTP/1.1 301 x\r\nContent-Length: 11\r\n\r\n{\"ok\":true}", ""},
        {"HTTP/1.1 200 x\r\nContent-Length: 12\r\n\r\n{\"ok\":false}", "answered 200, and its body does not match"},
        {"HTTP/1.1 500 x\r\nContent-Length: 11\r\n\r\n{\"ok\":true}", "answered 500, expected 2xx, 301"},
        {"HTTP/1.1 200 x\r\nContent-Length: 70000\r\n\r\n", "the answer is larger than 64 KiB"},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.answer);
        Bench b;
        Answering endpoint(b.io), elsewhere(b.io);
        elsewhere.raw = row.answer;
        auto model = b.model_with(endpoint.address(), config::Health::Type::http);
        auto& health = model.upstreams.at("blue").health;
        health.expect = {config::StatusRange::of_class(2), config::StatusRange::one(301)};
        health.method = "POST";
        health.headers = {{"X-Probe", "yes"}, {"User-Agent", "probe/1"}};
        health.body_matches = "\"ok\": *true";
        health.port = elsewhere.acceptor.local_endpoint().port();
        b.checker.follow(model);
        b.until([&] { return b.checker.all_checked(); });
        CHECK(endpoint.asked == 0);
        CHECK(elsewhere.heard.starts_with("POST / HTTP/1.1\r\n"));
        CHECK(elsewhere.heard.find("\r\nX-Probe: yes\r\n") != std::string::npos);
        CHECK(elsewhere.heard.find("\r\nUser-Agent: probe/1\r\n") != std::string::npos);
        CHECK(elsewhere.heard.find("switchyard-health") == std::string::npos);
        REQUIRE(b.transitions.size() == 1);
        CHECK(b.transitions[0].up == (*row.detail == '\0'));
        CHECK(b.transitions[0].detail.starts_with(row.detail));
    }
}

TEST_CASE("checks that are taken away and come back while one is under way are not doubled") {
    Bench b;
    Answering endpoint(b.io);
    endpoint.silent = true;
    auto model = b.model_with(endpoint.address(), config::Health::Type::http);
    model.upstreams.at("blue").health.timeout = std::chrono::seconds(60);
    b.checker.follow(model);
    b.until([&] { return endpoint.asked == 1; });
    b.checker.follow(b.model_with(endpoint.address(), config::Health::Type::none));
    b.checker.follow(model);
    b.until([&] { return endpoint.asked == 2; });
    // The first one fails; it may not be asked for again while the second is under way.
    endpoint.held.at(0)->close();
    for (int i = 0; i < 10; ++i) {
        b.io.restart();
        b.io.run_for(std::chrono::milliseconds(10));
    }
    CHECK(endpoint.asked == 2);
    endpoint.silent = false;
    endpoint.held.at(1)->close();
    b.until([&] { return endpoint.asked > 3; });
}

TEST_CASE(
    "an endpoint that starts is told of once, is not down, counts as looked at, and comes up with its first answer") {
    Bench b;
    Answering endpoint(b.io);
    endpoint.status = 503;
    auto model = b.model_with(endpoint.address(), config::Health::Type::http);
    model.upstreams.at("blue").health.grace = std::chrono::hours(1);
    model.upstreams.at("blue").health.rise = 50;
    b.checker.follow(model);
    b.until([&] { return endpoint.asked >= 4; });
    REQUIRE(b.transitions.size() == 1);
    CHECK(b.transitions[0].to == HealthChecker::Transition::To::starting);
    CHECK(b.transitions[0].detail.find("answered 503") != std::string::npos);
    CHECK(b.checker.seen("blue", endpoint.address())->state == HealthRule::State::unknown);
    CHECK(b.checker.all_checked());
    CHECK(b.checker.each_upstream_known());
    endpoint.status = 200;
    b.until([&] { return b.states.begin()->second->healthy(); });
    CHECK(b.transitions.back().to == HealthChecker::Transition::To::up);
    endpoint.status = 503;
    b.until([&] { return !b.states.begin()->second->healthy(); });
    CHECK(b.transitions.back().to == HealthChecker::Transition::To::down);
}

TEST_CASE("an endpoint that asks to be drained is up and gets nothing new, until it answers otherwise") {
    using To = HealthChecker::Transition::To;
    Bench b;
    Answering endpoint(b.io);
    auto model = b.model_with(endpoint.address(), config::Health::Type::http);
    model.upstreams.at("blue").health.drain = {{config::StatusRange::one(410)}, "x-Leaving"};
    b.checker.follow(model);
    const auto state = b.states.begin()->second;
    b.until([&] { return state->takes_requests(); });
    endpoint.status = 410;
    b.until([&] { return !state->takes_requests(); });
    CHECK(state->healthy());
    CHECK(b.transitions.back().to == To::draining);
    CHECK(b.checker.seen("blue", endpoint.address())->drains);
    // A failure says nothing about it.
    endpoint.status = 500;
    b.until([&] { return !state->healthy(); });
    CHECK(b.checker.seen("blue", endpoint.address())->drains);
    endpoint.raw = "HTTP/1.1 200 x\r\nContent-Length: 0\r\nX-LEAVING: soon\r\n\r\n";
    b.until([&] { return state->healthy(); });
    CHECK_FALSE(state->takes_requests());
    endpoint.raw.clear();
    endpoint.status = 200;
    b.until([&] { return state->takes_requests(); });
    CHECK(b.transitions.back().to == To::taking);
    // Another process goes on with it, and where nothing is checked any more nothing asks for it.
    endpoint.status = 410;
    b.until([&] { return !state->takes_requests(); });
    CHECK(b.checker.found().at({"blue", endpoint.address()}).drains);
    model.upstreams.at("blue").health.type = config::Health::Type::none;
    b.checker.follow(model);
    CHECK(state->takes_requests());
}

TEST_CASE("what another process has found to be drained begins so") {
    Bench b;
    Answering endpoint(b.io);
    endpoint.silent = true;
    HealthChecker::Seen seen{HealthRule::State::up, {}, std::chrono::system_clock::now(), {}, true};
    b.checker.begin_with({{{"blue", endpoint.address()}, seen}});
    b.checker.follow(b.model_with(endpoint.address(), config::Health::Type::http));
    CHECK(b.states.begin()->second->healthy());
    CHECK_FALSE(b.states.begin()->second->takes_requests());
}

TEST_CASE("checks by HEAD and OPTIONS speak of no body; one by POST does") {
    Bench b;
    Answering endpoint(b.io);
    auto model = b.model_with(endpoint.address(), config::Health::Type::http);
    for (const std::string method : {"HEAD", "OPTIONS", "POST"}) {
        CAPTURE(method);
        model.upstreams.at("blue").health.method = method;
        b.checker.follow(model);
        b.until([&] { return endpoint.heard.starts_with(method + " / "); });
        CHECK((endpoint.heard.find("Content-Length") != std::string::npos) == (method == "POST"));
    }
}
