// The places of handshakes: who leaves where all are taken, and whose step is next.
#include "proxy/serve/handshakes.h"

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <utility>
#include <vector>

using namespace switchyard;
using serve::HandshakePlace;
using serve::Handshakes;

namespace {

struct Comer : net::Waiter {
    explicit Comer(net::Poller& poller) : Waiter(poller) {}
    void woken() override { ++wakes; }
    int wakes = 0;
};

}  // namespace

TEST_CASE("where all places are taken, who has kept us waiting for longest leaves, and nobody who waits for us") {
    net::Poller poller;
    Handshakes all;
    Comer first(poller), second(poller), others(poller), late(poller);
    HandshakePlace busy(all, first);
    HandshakePlace slow(all, second);
    slow.waits(true);
    std::vector<std::unique_ptr<HandshakePlace>> rest;
    while (all.under_way() < Handshakes::kMostUnderWay) rest.push_back(std::make_unique<HandshakePlace>(all, others));
    rest.back()->waits(true);
    {
        const HandshakePlace newcomer(all, late);
        CHECK(newcomer.held());
        CHECK(busy.held());
        CHECK_FALSE(slow.held());
        CHECK(rest.back()->held());
        poller.turn();
        CHECK(second.wakes == 1);
        CHECK(first.wakes == 0);
        CHECK(all.under_way() == Handshakes::kMostUnderWay);
        rest.back()->waits(false);
        const HandshakePlace refused(all, late);  // all others wait for us
        CHECK_FALSE(refused.held());
    }
    CHECK(all.under_way() == Handshakes::kMostUnderWay - 1);
    rest.clear();
    CHECK(all.under_way() == 1);
    const HandshakePlace next(all, late);
    CHECK(next.held());
}

TEST_CASE("a turn takes two steps, in the order in which they were wanted") {
    net::Poller poller;
    Handshakes all;
    std::deque<Comer> comers;
    std::deque<HandshakePlace> places;
    for (int i = 0; i < 7; ++i) places.emplace_back(all, comers.emplace_back(poller));
    auto gone = std::make_unique<HandshakePlace>(all, comers[6]);
    all.begin_turn();
    CHECK(places[0].may_step());
    CHECK(places[1].may_step());
    for (const int i : {3, 2, 4, 5}) CHECK_FALSE(places[static_cast<std::size_t>(i)].may_step());
    CHECK_FALSE(gone->may_step());
    CHECK_FALSE(places[3].may_step());  // asking again is no other place
    CHECK(all.line_waits());
    gone.reset();
    for (const auto& [first, second] : {std::pair<std::size_t, std::size_t>{3, 2}, {4, 5}}) {
        all.begin_turn();
        poller.turn();
        CHECK_FALSE(places[0].may_step());  // has had one, and stands behind them
        CHECK(places[second].may_step());
        CHECK(places[first].may_step());
        CHECK(comers[first].wakes == 1);
        CHECK(comers[second].wakes == 1);
    }
    CHECK(comers[6].wakes == 0);
    all.begin_turn();
    CHECK_FALSE(all.line_waits());
    CHECK(places[0].may_step());
}
