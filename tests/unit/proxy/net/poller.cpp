#include "proxy/net/poller.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "proxy/base/guarded.h"

using namespace switchyard;

namespace {

struct Work final : net::Waiter {
    std::function<void()> does;
    int times = 0;
    Work(net::Poller& poller, std::function<void()> what) : Waiter(poller), does(std::move(what)) {}
    void woken() override {
        ++times;
        if (does) does();
    }
};

struct Held final : net::Socket {
    explicit Held(int fd) { adopt(fd); }
};

}  // namespace

// As while another program is started, which has copies of all descriptors until it closes them.
TEST_CASE("a socket that is closed while there is a copy of it elsewhere is told of no more") {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    net::Poller poller;
    auto socket = std::make_unique<Held>(ends[0]);
    REQUIRE(poller.add(*socket));
    CHECK(poller.turn() == 1);
    const int copy = ::dup(ends[0]);
    net::copies_of_descriptors(true);
    socket.reset();
    net::copies_of_descriptors(false);
    CHECK(::send(ends[1], "x", 1, MSG_NOSIGNAL) == 1);
    CHECK(poller.turn() == 0);
    ::close(copy);
    ::close(ends[1]);
}

TEST_CASE("when a waiter throws, the others have their turn, and the next turn is like any") {
    net::Poller poller;
    Work before(poller, {}), bad(poller, [] { throw std::runtime_error("out of memory"); }), after(poller, {});
    std::uint64_t escaped = 0;
    for (Work* each : {&before, &bad, &after}) each->wake();
    CHECK_FALSE(guarded("a test", escaped, [&] { poller.turn(); }));
    CHECK(escaped == 1);
    CHECK(before.times == 1);
    CHECK(after.times == 0);
    CHECK(poller.has_queued());
    CHECK(guarded("a test", escaped, [&] { poller.turn(); }));
    CHECK(after.times == 1);
    CHECK(bad.times == 1);
    CHECK_FALSE(poller.has_queued());
    bad.does = nullptr;
    bad.wake();
    poller.turn();
    CHECK(bad.times == 2);
}

TEST_CASE("a waiter that is destroyed after a throw leaves nothing behind in the queue") {
    net::Poller poller;
    Work bad(poller, [] { throw 7; });
    auto gone = std::make_unique<Work>(poller, std::function<void()>());
    bad.wake();
    gone->wake();
    std::uint64_t escaped = 0;
    CHECK_FALSE(guarded("a test", escaped, [&] { poller.turn(); }));
    gone.reset();
    CHECK(guarded("a test", escaped, [&] { poller.turn(); }));
    CHECK(escaped == 1);
}

TEST_CASE("who steps back has his turn behind the news, one of them each turn") {
    net::Poller poller;
    std::vector<char> order;
    Work a(poller, [&] { order.push_back('a'), a.step_back(); });
    Work b(poller, [&] { order.push_back('b'), b.step_back(); });
    Work news(poller, [&] { order.push_back('n'); });
    a.wake();
    b.wake();
    poller.turn();
    CHECK(order == std::vector<char>{'a', 'b'});
    CHECK(poller.has_queued());
    news.wake();
    poller.turn();
    CHECK(order == std::vector<char>{'a', 'b', 'n', 'a'});
    // News for one that has stepped back does not bring it to the front.
    b.wake();
    news.wake();
    poller.turn();
    poller.turn();
    CHECK(order == std::vector<char>{'a', 'b', 'n', 'a', 'n', 'b', 'a'});
}

TEST_CASE("one that has stepped back and is destroyed leaves nothing behind") {
    net::Poller poller;
    auto gone = std::make_unique<Work>(poller, std::function<void()>());
    gone->step_back();
    gone.reset();
    CHECK_FALSE(poller.has_queued());
    poller.turn();
}

TEST_CASE("a waiter that has left the queue hears nothing of what it was queued for, and may be woken anew") {
    net::Poller poller;
    for (const bool back : {false, true}) {
        CAPTURE(back);
        Work gone(poller, {}), other(poller, {});
        if (back)
            gone.step_back();
        else
            gone.wake();
        other.wake();
        gone.leave_queue();
        poller.turn();
        poller.turn();
        CHECK(gone.times == 0);
        CHECK(other.times == 1);
        gone.wake();
        poller.turn();
        CHECK(gone.times == 1);
    }
    // In the turn of the one who takes it away.
    Work late(poller, {});
    Work first(poller, [&late] { late.leave_queue(); });
    first.wake();
    late.wake();
    poller.turn();
    poller.turn();
    CHECK(late.times == 0);
}
