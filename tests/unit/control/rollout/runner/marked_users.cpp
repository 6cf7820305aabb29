#include "control/rollout/runner/marked_users.h"

#include <doctest/doctest.h>

#include <random>

using namespace switchyard::control::rollout;

namespace {

// Two hundred users, the first of whom asks most, ask a thousand times; `marked` says whose requests have a mark.
template <class Marked>
MarkedUsers asked(Marked marked) {
    MarkedUsers out;
    std::mt19937_64 dice(20260101);
    for (int i = 0; i < 1000; ++i) {
        const auto user = static_cast<std::uint16_t>(dice() % (1 + dice() % 200));
        out.ask(user);
        if (marked(user, dice)) out.mark(MarkedUsers::failed, user);
    }
    return out;
}

}  // namespace

TEST_CASE("a release that is broken for a twentieth of its users has the same ones marked again and again") {
    const auto spread = asked([](std::uint16_t user, auto&) { return user % 20 == 7; }).spread("failed");
    REQUIRE(spread);
    CHECK(spread->same_ones());
    CHECK(spread->users >= 6);  // of ten; who asks least may not have come yet
    CHECK(spread->users <= 10);
    CHECK(spread->marks == spread->requests);
    const std::string words = users_words(*spread, std::nullopt, "failed");
    CHECK(words.starts_with("Again and again the same users: " + std::to_string(spread->users) + " of "));
    CHECK(words.ends_with(std::to_string(spread->marks) + " of their " + std::to_string(spread->requests) +
                          " requests."));
    CHECK(spread->to_json()["marked"] == spread->users);
}

TEST_CASE("what happens to every request alike happens to those who ask most, which is nothing to tell") {
    for (const unsigned percent : {1, 5, 30, 100}) {
        CAPTURE(percent);
        const auto spread = asked([&](std::uint16_t, auto& dice) { return dice() % 100 < percent; }).spread("failed");
        REQUIRE(spread);
        CHECK_FALSE(spread->same_ones());
        CHECK(users_words(*spread, std::nullopt, "failed") ==
              std::to_string(spread->users) + " of " + std::to_string(spread->of_users) + " users met it.");
        CHECK(users_words(*spread, std::nullopt, "slow").empty());
    }
}

TEST_CASE("they are known from their other requests too, where most have come but once") {
    MarkedUsers broken, alike;
    std::mt19937_64 dice(20260101);
    for (std::uint16_t user = 0; user < 140; ++user)
        for (std::size_t asks = user < 20 ? 10 : 1 + dice() % 2; asks > 0; --asks)
            for (auto* users : {&broken, &alike}) users->ask(user);
    // Twelve who hardly ask twice fail in all they ask; or as many who ask much, and are well otherwise.
    for (const auto& [users, first] : {std::pair<MarkedUsers*, std::uint16_t>{&broken, 100}, {&alike, 0}})
        for (std::uint16_t i = 0; i < 17; ++i)
            users->mark(MarkedUsers::failed, static_cast<std::uint16_t>(first + i % 12));
    REQUIRE((broken.spread("failed") && alike.spread("failed")));
    CHECK(broken.spread("failed")->same_ones());
    CHECK_FALSE(alike.spread("failed")->same_ones());
}

TEST_CASE("users who are marked in the old release as much are none of the new one's") {
    const auto broken = [](std::uint16_t user, auto& dice) { return user % 20 == 7 || dice() % 200 == 0; };
    const auto canary = asked(broken).spread("failed");
    const auto alike = asked([](std::uint16_t, auto& dice) { return dice() % 200 == 0; }).spread("failed");
    REQUIRE((canary && alike));
    CHECK(canary->same_ones());
    CHECK_FALSE(newly_same_ones(*canary, canary));
    CHECK(newly_same_ones(*canary, alike));
    CHECK(users_words(*canary, alike, "slow").starts_with("Again"));
}

TEST_CASE("one user who always fails is told as one, and a single mark says nothing yet") {
    const auto one = asked([](std::uint16_t user, auto&) { return user == 3; }).spread("failed");
    REQUIRE(one);
    CHECK((one->users == 1 && one->same_ones()));
    MarkedUsers users;
    users.mark(MarkedUsers::tail, 5);  // it hangs, and is not asked for before
    const auto first = users.spread("tail");
    REQUIRE(first);
    CHECK_FALSE(first->same_ones());
    CHECK((first->users == 1 && first->of_users == 1 && first->requests == 1));
}

TEST_CASE("kinds of marks are kept apart, by the names that alarms have for them") {
    MarkedUsers users;
    users.ask(1);
    CHECK_FALSE(users.spread("failed"));
    users.mark(MarkedUsers::first_answer, 1);
    CHECK(users.spread("unauthorized"));
    CHECK_FALSE(users.spread("limited"));
    CHECK_FALSE(users.spread("late_tail"));
    CHECK_FALSE(users.spread(""));
}
