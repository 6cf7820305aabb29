// The places of handshakes: who leaves where all are taken.
#include "proxy/serve/handshakes.h"

#include <doctest/doctest.h>

#include <memory>
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
