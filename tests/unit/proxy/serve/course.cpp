#include "proxy/serve/course.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "proxy/http/head_parser.h"
#include "tests/support/crank.h"

using namespace switchyard;
using serve::Course;

namespace {

const std::string kLimited = R"({"upstreams": {"blue": {"endpoints": [{"address": "127.0.0.1:1"}]},
                                               "green": {"endpoints": [{"address": "127.0.0.1:2"}]}},
  "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
  "routes": [{"name": "app", "split": {"blue": 1, "green": 1}, "limits": {"in_flight": 2},
              "timeouts": {"request": "10s"}}]})";

struct Request {
    std::string text = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    route::Asked asked;

    Request() {
        REQUIRE(http::HeadParser().request(text, asked.head) == http::HeadParser::Outcome::done);
        REQUIRE(asked.check(text.data()) == Failure::none);
        asked.believe(route::ClientAddress::parse("127.0.0.1"), {}, "");
    }
};

struct Counted {
    std::uint64_t requests = 0, tunnels = 0;
};

Counted in_flight(const serve::InForce& in_force) {
    Counted out;
    for (const auto& sent : in_force.sent) {
        out.requests += sent.requests;
        out.tunnels += sent.tunnels;
    }
    return out;
}

}  // namespace

TEST_CASE("the life of a course: pinned, chosen, a tunnel, left") {
    test::Crank crank(kLimited);
    const serve::InForce& first = *crank.context.in_force;
    Request request;
    {
        Course course(crank.context, crank.context.listeners.at(0));
        course.pin();
        CHECK(first.pins == 1);
        REQUIRE(course.choose(request.asked, "id") == Failure::none);
        CHECK(in_flight(first).requests == 1);
        CHECK(course.at_the_latest(0) == crank.context.now_ms + 10'000);
        CHECK(course.at_the_latest(crank.context.now_ms + 1) == crank.context.now_ms + 1);
        const std::int64_t began = crank.context.now_ms;

        crank.pass(4'000);
        crank.publish(kLimited);
        CHECK(course.outdated());
        course.take_anew();
        CHECK(crank.retired.size() == 1);  // nothing of it is left
        CHECK(crank.context.in_force->pins == 1);
        REQUIRE(course.choose(request.asked, "id") == Failure::none);
        CHECK(course.at_the_latest(0) == began + 10'000);  // no new time

        course.become_tunnel();
        CHECK(in_flight(*crank.context.in_force).requests == 0);
        CHECK(in_flight(*crank.context.in_force).tunnels == 1);
        CHECK(course.at_the_latest(0) == 0);
    }
    CHECK(crank.context.in_force->pins == 0);
    CHECK(in_flight(*crank.context.in_force).tunnels == 0);
}

TEST_CASE("whatever is done with courses, what is counted is what they hold") {
    test::Crank crank(kLimited);
    std::mt19937 random(7);
    Request request;
    std::vector<std::unique_ptr<Course>> courses(4);
    std::vector<bool> kept(courses.size());  // its place in the route's count, until it is routed anew
    for (int step = 0; step < 5'000; ++step) {
        const std::size_t which = random() % courses.size();
        auto& course = courses[which];
        switch (random() % 6) {
            case 0:
                if (!course) course = std::make_unique<Course>(crank.context, crank.context.listeners.at(0));
                break;
            case 1:
                course.reset();
                kept[which] = false;
                break;
            case 2:
                if (course && course->in_force == nullptr) course->pin();
                break;
            case 3:
                if (course && course->in_force != nullptr && course->route == nullptr) {
                    const Failure failure = course->choose(request.asked, "id");
                    if (kept[which]) REQUIRE(failure == Failure::none);
                    kept[which] = false;
                    if (failure == Failure::route_full) course.reset();
                }
                break;
            case 4:
                if (course && course->sent != nullptr) course->become_tunnel();
                break;
            case 5:
                if (random() % 20 == 0) crank.publish(kLimited);
                if (course && course->in_force != nullptr && course->outdated()) {
                    kept[which] = kept[which] || course->entered;
                    course->take_anew();
                }
                break;
        }
        std::uint64_t pins = 0, entered = 0, sent = 0;
        entered += static_cast<std::uint64_t>(std::ranges::count(kept, true));
        for (const auto& each : courses) {
            if (!each) continue;
            pins += each->in_force == crank.context.in_force;
            entered += each->entered;
            sent += each->sent != nullptr && !each->outdated();
        }
        const serve::InForce& in_force = *crank.context.in_force;
        REQUIRE(in_force.pins == pins);
        REQUIRE(in_flight(in_force).requests + in_flight(in_force).tunnels == sent);
        const auto& route = *in_force.snapshot->routes.all().front();
        REQUIRE(route.in_flight->value.load() == entered);  // one count, whatever the generation
        REQUIRE(entered <= 2);
        REQUIRE(crank.retired.size() + crank.generations() == crank.context.in_force->generation);
    }
}
