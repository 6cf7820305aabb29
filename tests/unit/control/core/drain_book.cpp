#include "control/core/drain_book.h"

#include <doctest/doctest.h>

#include <random>

using namespace switchyard;
using namespace switchyard::control;

namespace {

constexpr std::uint32_t kBlue = 1, kGreen = 2;
const WallTime kNow{};
using Steady = std::chrono::steady_clock::time_point;

DrainBook book_with(std::uint64_t generation, std::optional<Steady> due = {}, DrainPolicy policy = DrainPolicy::leave) {
    DrainBook book(2);
    book.name(kBlue, "blue");
    book.name(kGreen, "green");
    Drain drain;
    drain.generation = generation;
    drain.upstreams = {kBlue};
    drain.due = due;
    drain.policy = policy;
    book.open(drain);
    return book;
}

}  // namespace

TEST_CASE("the life of a drain: counted at adoption, falling with the reports, done at an exact zero") {
    auto book = book_with(5);
    book.adopted(0, 5, {{4, kBlue, 3, 1}, {4, kGreen, 9, 0}}, kNow);
    CHECK(book.find(5)->state == Drain::State::running);
    book.adopted(1, 5, {{3, kBlue, 1, 0}}, kNow);
    CHECK(book.in_flight(*book.find(5)) == InFlightByUpstream{{"blue", {4, 1}}});
    CHECK(book.find(5)->at_start == InFlightByUpstream{{"blue", {4, 1}}});
    book.reported(0, {{4, kBlue, 1, 1}}, kNow);
    CHECK(book.in_flight(*book.find(5)).at("blue") == InFlightCount{2, 1});
    book.reported(0, {{5, kBlue, 7, 0}}, kNow);  // newer exchanges are not part of it
    CHECK(book.find(5)->state == Drain::State::running);
    CHECK(book.retired(1, 3, kNow));
    CHECK(book.find(5)->state == Drain::State::done);
}

TEST_CASE("a generation that is adopted again, with other addresses, began with the first time") {
    auto book = book_with(5);
    book.adopted(0, 5, {{4, kBlue, 3, 0}}, kNow);
    book.adopted(1, 5, {{4, kBlue, 1, 0}}, kNow);
    book.adopted(0, 5, {{4, kBlue, 1, 0}, {5, kBlue, 8, 0}}, kNow);
    CHECK(book.find(5)->at_start == InFlightByUpstream{{"blue", {4, 0}}});
    CHECK(book.in_flight(*book.find(5)) == InFlightByUpstream{{"blue", {2, 0}}});
    CHECK(book.find(5)->state == Drain::State::running);
}

TEST_CASE("nothing in flight on the workers that answered is not yet zero while one has not adopted") {
    auto book = book_with(5);
    book.adopted(0, 5, {}, kNow);
    CHECK(book.find(5)->state == Drain::State::running);
    book.adopted(1, 5, {}, kNow);
    CHECK(book.find(5)->state == Drain::State::done);
}

TEST_CASE("at its deadline a drain expires, or with policy cut is cut, named once, and goes on to zero") {
    const auto deadline = Steady{} + std::chrono::seconds(1);
    for (const auto policy : {DrainPolicy::leave, DrainPolicy::cut}) {
        const bool cut = policy == DrainPolicy::cut;
        auto book = book_with(5, deadline, policy);
        book.adopted(0, 5, {{4, kBlue, 1, 0}}, kNow);
        book.adopted(1, 5, {}, kNow);
        CHECK(book.expire(Steady{}, kNow + std::chrono::hours(1)).empty());  // the clock was set
        CHECK(book.next_due() == deadline);
        CHECK(book.expire(deadline, kNow - std::chrono::hours(1)).size() == (cut ? 1 : 0));
        CHECK(book.expire(deadline, kNow).empty());
        CHECK_FALSE(book.next_due().has_value());
        CHECK(book.find(5)->state == (cut ? Drain::State::running : Drain::State::expired));
        CHECK(book.find(5)->cut == cut);
        book.reported(0, {}, kNow);
        CHECK(book.find(5)->state == Drain::State::done);
    }
}

TEST_CASE("drains are bounded, and running ones are kept longest") {
    auto book = book_with(1);
    book.adopted(0, 1, {{0, kBlue, 1, 0}}, kNow);
    book.adopted(1, 1, {}, kNow);
    for (std::uint64_t g = 2; g < 2 + 2 * DrainBook::kKept; ++g) {
        Drain d;
        d.generation = g;
        d.upstreams = {kGreen};
        book.open(d);
        book.adopted(0, g, {{0, kBlue, 1, 0}}, kNow);
        book.adopted(1, g, {}, kNow);
    }
    CHECK(book.newest_first().size() <= DrainBook::kKept);
    REQUIRE(book.find(1) != nullptr);
    CHECK(book.find(1)->state == Drain::State::running);
}

TEST_CASE("random walk: once all have adopted, a drain's count never rises, and done is final") {
    std::mt19937 random(11);
    for (int walk = 0; walk < 200; ++walk) {
        auto book = book_with(5);
        std::uint64_t left[2] = {random() % 5, random() % 5};
        for (unsigned w = 0; w < 2; ++w) book.adopted(w, 5, {{4, kBlue, left[w], 0}}, kNow);
        std::uint64_t last = left[0] + left[1];
        for (int step = 0; step < 20; ++step) {
            const unsigned w = random() % 2;
            if (left[w] > 0 && random() % 2 == 0) --left[w];
            if (left[w] == 0)
                book.retired(w, 4, kNow);
            else
                book.reported(w, {{4, kBlue, left[w], 0}, {6, kBlue, random() % 9, 0}}, kNow);
            const auto now = book.in_flight(*book.find(5)).at("blue").requests;
            CHECK(now <= last);
            CHECK((book.find(5)->state == Drain::State::done) == (now == 0));
            last = now;
        }
    }
}

TEST_CASE("another process that still serves: a drain ends with its last request too, or with the process") {
    auto book = book_with(5);
    book.joined(4, false);
    book.adopted(0, 5, {}, kNow);
    book.adopted(1, 5, {}, kNow);
    CHECK(book.find(5)->state == Drain::State::running);
    book.reported(2, {{3, kBlue, 2, 1}}, kNow);
    book.adopted_elsewhere(2, 5, kNow);
    CHECK(book.find(5)->at_start == InFlightByUpstream{{"blue", {2, 1}}});
    CHECK(book.find(5)->state == Drain::State::running);
    SUBCASE("its last request ends") {
        CHECK(book.reported(2, {{5, kBlue, 9, 0}}, kNow));
    }
    SUBCASE("it ends") {
        CHECK(book.left(2, kNow));
    }
    CHECK(book.find(5)->state == Drain::State::done);
}

TEST_CASE("a drain that another process began does not end before it is known what that one still has") {
    DrainBook book(1);
    book.name(kBlue, "blue");
    book.adopted(0, 7, {}, kNow);
    book.joined(7, true);
    Drain drain;
    drain.generation = 5;
    drain.upstreams = {kBlue};
    book.open(drain);
    book.reported(0, {}, kNow);
    CHECK(book.find(5)->state == Drain::State::running);
    SUBCASE("something") {
        book.reported(1, {{4, kBlue, 1, 0}}, kNow);
        CHECK(book.find(5)->state == Drain::State::running);
        book.reported(1, {}, kNow);
    }
    SUBCASE("nothing") {
        book.reported(1, {}, kNow);
    }
    SUBCASE("something, and then it is not listened to for a while") {
        book.reported(1, {{4, kBlue, 1, 0}}, kNow);
        book.paused(1);
        book.paused(1);
        book.adopted_elsewhere(1, 8, kNow);
        book.reported(0, {}, kNow);
        CHECK(book.find(5)->state == Drain::State::running);
        CHECK(book.in_flight(*book.find(5)) == InFlightByUpstream{{"blue", {1, 0}}});
        book.reported(1, {{4, kBlue, 1, 0}}, kNow);
        CHECK(book.find(5)->state == Drain::State::running);
        book.reported(1, {}, kNow);
    }
    SUBCASE("it says first that it goes by a change, and then what it has") {
        book.adopted_elsewhere(1, 8, kNow);
        CHECK(book.find(5)->state == Drain::State::running);
        book.reported(1, {{4, kBlue, 1, 0}}, kNow);
        CHECK(book.find(5)->state == Drain::State::running);
        book.reported(1, {}, kNow);
    }
    SUBCASE("it has ended") {
        book.left(1, kNow);
    }
    CHECK(book.find(5)->state == Drain::State::done);
}
