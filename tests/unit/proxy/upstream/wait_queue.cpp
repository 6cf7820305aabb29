// First come, first served, and a call is never lost.
#include "proxy/upstream/wait_queue.h"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <vector>

using namespace switchyard;
using upstream::WaitQueue;

namespace {

class Sleeper final : public net::Waiter {
  public:
    explicit Sleeper(net::Poller& poller) : Waiter(poller) {}
    int woken_times = 0;

  private:
    void woken() override { ++woken_times; }
};

struct Waiting {
    Sleeper sleeper;
    WaitQueue::Place place;
    Waiting(net::Poller& poller, WaitQueue& queue) : sleeper(poller), place(queue, sleeper) {}
};

}  // namespace

TEST_CASE("a call wakes the one who came first, once") {
    net::Poller poller;
    WaitQueue queue;
    Waiting a(poller, queue), b(poller, queue);
    queue.call();
    queue.call();
    poller.turn();
    CHECK(a.sleeper.woken_times == 1);
    CHECK(b.sleeper.woken_times == 0);
    CHECK(a.place.take_call());
    CHECK_FALSE(a.place.take_call());
    CHECK_FALSE(b.place.take_call());
}

TEST_CASE("who tried in vain stays first") {
    net::Poller poller;
    WaitQueue queue;
    Waiting a(poller, queue), b(poller, queue);
    queue.call();
    CHECK(a.place.take_call());
    queue.call();
    CHECK(a.place.take_call());
    CHECK_FALSE(b.place.take_call());
}

TEST_CASE("whoever leaves the front passes the call on, answered or not") {
    net::Poller poller;
    WaitQueue queue;
    auto a = std::make_unique<Waiting>(poller, queue);
    auto b = std::make_unique<Waiting>(poller, queue);
    Waiting c(poller, queue);
    queue.call();
    a.reset();  // called, and gone without trying
    CHECK(b->place.take_call());
    b.reset();  // served
    CHECK(c.place.take_call());
}

TEST_CASE("leaving from the middle moves nobody") {
    net::Poller poller;
    WaitQueue queue;
    Waiting a(poller, queue);
    auto b = std::make_unique<Waiting>(poller, queue);
    Waiting c(poller, queue);
    b.reset();
    CHECK_FALSE(a.place.take_call());
    CHECK_FALSE(c.place.take_call());
    CHECK(queue.size() == 2);
}

TEST_CASE("in a random walk every free place finds its waiter, in the order of arrival") {
    std::mt19937 random(11);
    net::Poller poller;
    WaitQueue queue;
    std::vector<std::unique_ptr<Waiting>> waiting;  // in order of arrival
    int free = 0;
    for (int step = 0; step < 50'000; ++step) {
        switch (random() % 4) {
            case 0:
                if (waiting.size() < 20) waiting.push_back(std::make_unique<Waiting>(poller, queue));
                // An exchange that comes while places are free would not wait; a call stands for its own try.
                if (free > 0) queue.call();
                break;
            case 1:
                ++free;
                queue.call();
                break;
            case 2:
                if (!waiting.empty())
                    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(random() % waiting.size()));
                break;
            default:
                break;
        }
        poller.turn();
        // The one that is called tries, until none is called any more.
        for (bool again = true; again;) {
            again = false;
            for (std::size_t i = 0; i < waiting.size(); ++i) {
                if (!waiting[i]->place.take_call()) continue;
                REQUIRE(i == 0);
                if (free == 0) continue;
                --free;
                waiting.erase(waiting.begin());
                again = true;
                break;
            }
        }
        REQUIRE((free == 0 || waiting.empty()));
    }
}
