#include "control/rollout/runner/mark_places.h"

#include <doctest/doctest.h>

using namespace switchyard;
using namespace switchyard::control::rollout;

namespace {

MarkNote failed_note(std::string_view method, std::string_view path, std::uint16_t status = 500,
                     Failure failure = Failure::none) {
    return {MarkNote::Group::failed, AnswerKind::ordinary, failure, status, 3, method, path};
}

void add_times(MarkPlaces& to, MarkNote note, std::uint32_t times, const std::string& address = "127.0.0.1:9002") {
    note.times = times;
    to.add(true, note, address);
}

}  // namespace

TEST_CASE("what failed is told by kind, path and endpoint") {
    MarkPlaces places;
    add_times(places, failed_note("GET", "/checkout"), 6);
    add_times(places, failed_note("POST", "/cart", 0, Failure::reset), 1);
    REQUIRE(places.canary("failed") != nullptr);
    CHECK(places.canary("slow") == nullptr);
    CHECK(where_words(*places.canary("failed")) ==
          "500 (6), reset (1). Mostly GET /checkout (6 of 7); endpoint 127.0.0.1:9002.");
}

TEST_CASE("where nothing stands out the first three are named") {
    MarkPlaces places;
    add_times(places, failed_note("GET", "/a"), 4, "127.0.0.1:1");
    add_times(places, failed_note("GET", "/b"), 3, "127.0.0.1:2");
    add_times(places, failed_note("GET", "/c"), 2, "127.0.0.1:3");
    add_times(places, failed_note("GET", "/d"), 1, "127.0.0.1:1");
    CHECK(where_words(*places.canary("failed")) ==
          "500 (10). Most at GET /a (4), GET /b (3), GET /c (2); endpoints 127.0.0.1:1 (5), 127.0.0.1:2 (3), "
          "127.0.0.1:3 (2).");
}

TEST_CASE("who never got to an endpoint says so, and slow ones have no kind") {
    MarkPlaces places;
    add_times(places, failed_note("GET", "/", 0, Failure::no_endpoint), 2, "");
    CHECK(where_words(*places.canary("failed")) == "no usable endpoint (2). Mostly GET / (2 of 2).");
    add_times(places, {MarkNote::Group::slow, AnswerKind::ordinary, Failure::none, 200, 3, "GET", "/slow"}, 5);
    CHECK(where_words(*places.canary("slow")) == "Mostly GET /slow (5 of 5); endpoint 127.0.0.1:9002.");
}

TEST_CASE("arms are kept apart, kinds of answers too, and a restart keeps all of it") {
    MarkPlaces places;
    places.add(false, {MarkNote::Group::answer, AnswerKind::not_found, Failure::none, 404, 1, "GET", "/x"}, "old:1");
    add_times(places, {MarkNote::Group::answer, AnswerKind::unauthorized, Failure::none, 403, 3, "GET", "/y"}, 2);
    CHECK(places.canary("not_found") == nullptr);
    CHECK(places.arm(false).at("not_found").all == 1);
    const auto again = MarkPlaces::from_json(places.to_json());
    CHECK(again.to_json() == places.to_json());
    CHECK(where_words(*again.canary("unauthorized")) == "403 (2). Mostly GET /y (2 of 2); endpoint 127.0.0.1:9002.");
    for (const char* odd : {"[]", "3", R"({"canary": 3})", R"({"canary": {"failed": 3}})",
                            R"({"canary": {"failed": {"noted": "x", "paths": [], "kinds": {"500": -1}}}})"})
        CHECK_NOTHROW(MarkPlaces::from_json(nlohmann::ordered_json::parse(odd)));
}

TEST_CASE("however many paths there are, so many are kept") {
    MarkPlaces places;
    for (int i = 0; i < 1000; ++i) add_times(places, failed_note("GET", "/p" + std::to_string(i)), 1);
    CHECK(places.canary("failed")->paths.size() == MarkPlaces::kMost);
    CHECK(places.canary("failed")->all == 1000);
}

TEST_CASE("a path that is slow in any release is not named before the one that has become so") {
    MarkPlaces places;
    const auto slow = [&](bool canary, const char* path, std::uint32_t times) {
        MarkNote note(MarkNote::Group::slow, AnswerKind::ordinary, Failure::none, 200, canary ? 3 : 1, "GET", path);
        note.times = times;
        places.add(canary, note, canary ? "127.0.0.1:9002" : "127.0.0.1:9001");
    };
    slow(false, "/search", 800), slow(false, "/list", 180), slow(false, "/cart", 20);
    slow(true, "/search", 82), slow(true, "/list", 17), slow(true, "/cart", 60);
    const auto said = [&] { return where_words(*places.canary("slow"), places.baseline("slow")); };
    CHECK(said() == "More than before at GET /cart (60 of 159; before 20 of 1000); endpoint 127.0.0.1:9002.");
    CHECK(where_words(*places.canary("slow")).find("Mostly GET /search") == 0);
    SUBCASE("where none has more than luck gives, the most frequent ones are named") {
        slow(false, "/cart", 700);
        CHECK(said().find("Mostly GET /search (82 of 159)") == 0);
    }
    SUBCASE("where all have, none stands out") {
        slow(true, "/list", 200), slow(true, "/a", 110), slow(true, "/b", 110), slow(true, "/c", 110);
        CHECK(said().find("Most at ") == 0);
    }
}
