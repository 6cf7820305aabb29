#include "proxy/upstream/connection_pool.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "proxy/net/tls_outward.h"

using namespace switchyard;
using upstream::Connection;
using upstream::ConnectionPool;

namespace {

// Connections over socket pairs; the endpoint's ends are in `other`.
struct Pool {
    net::Poller poller;
    std::int64_t now_ms = 0;
    ConnectionPool pool{poller, now_ms};
    std::vector<int> other;

    ~Pool() {
        for (int fd : other)
            if (fd >= 0) ::close(fd);
    }
    std::unique_ptr<Connection> fresh(Connection::How how = nullptr) {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
        auto out = pool.fresh(std::move(how));
        REQUIRE(out->accepted(ends[0], poller));
        out->readable = false;
        other.push_back(ends[1]);
        return out;
    }
    void give_at(std::int64_t at, std::uint32_t max_idle = 10) {
        now_ms = at;
        pool.give(fresh(), max_idle);
    }
    void hang_up(std::size_t i) {
        ::close(other[i]);
        other[i] = -1;
    }
    void turn() {
        while (poller.turn() > 0 || poller.has_queued()) {
        }
    }
};

}  // namespace

TEST_CASE("news of an idle connection that is leased in the same turn is not the pool's any more") {
    Pool p;
    struct Lessee : net::Waiter {
        explicit Lessee(Pool& p) : Waiter(p.poller), pool(p.pool) {}
        void woken() override {
            connection = pool.take();
            connection->readable = true;  // as after a failed write
        }
        ConnectionPool& pool;
        std::unique_ptr<Connection> connection;
    };
    p.give_at(0);
    Lessee lessee(p);
    lessee.wake();  // before the poller finds that the connection can be written to
    p.turn();
    REQUIRE(lessee.connection);
    CHECK_FALSE(p.poller.has_queued());
    CHECK(p.pool.idle() == 0);
    p.pool.give(p.fresh(), 10);
    CHECK(p.pool.idle() == 1);
}

TEST_CASE("a retired pool keeps nothing, neither what was idle nor what comes back") {
    Pool p;
    p.give_at(0);
    p.give_at(1);
    auto leased = p.fresh();
    p.pool.retire(true);
    CHECK(p.pool.idle() == 0);
    p.pool.give(std::move(leased), 10);
    CHECK(p.pool.idle() == 0);
    p.pool.retire(false);
    p.give_at(2);
    CHECK(p.pool.idle() == 1);
}

TEST_CASE("the connection used last is taken first") {
    Pool p;
    auto a = p.fresh(), b = p.fresh();
    const int fd_a = a->descriptor(), fd_b = b->descriptor();
    p.pool.give(std::move(a), 10);
    p.pool.give(std::move(b), 10);
    CHECK(p.pool.take()->descriptor() == fd_b);
    auto last = p.pool.take();
    CHECK(last->descriptor() == fd_a);
    CHECK(last->reused());
    CHECK(p.pool.take() == nullptr);
}

TEST_CASE("no more than max_idle are kept") {
    Pool p;
    for (int i = 0; i < 5; ++i) p.give_at(i, 3);
    CHECK(p.pool.idle() == 3);
    p.give_at(9, 0);
    CHECK(p.pool.idle() == 3);
}

TEST_CASE("a connection that closes while idle leaves at once") {
    Pool p;
    for (int i = 0; i < 3; ++i) p.give_at(i);
    p.turn();
    REQUIRE(p.pool.idle() == 3);
    p.hang_up(1);
    p.turn();
    CHECK(p.pool.idle() == 2);
    p.hang_up(0);
    p.hang_up(2);
    p.turn();
    CHECK(p.pool.idle() == 0);
}

TEST_CASE("a connection that talks while idle leaves at once") {
    Pool p;
    p.give_at(1);
    p.turn();
    REQUIRE(::write(p.other[0], "HTTP/1.1 408", 12) == 12);
    p.turn();
    CHECK(p.pool.idle() == 0);
}

TEST_CASE("what is known to be closed or unread is not given a place") {
    Pool p;
    auto a = p.fresh(), b = p.fresh();
    a->hung_up = true;
    b->readable = true;
    p.pool.give(std::move(a), 10);
    p.pool.give(std::move(b), 10);
    CHECK(p.pool.idle() == 0);
}

TEST_CASE("the oldest age out, wherever others left before") {
    Pool p;
    for (int i = 0; i < 6; ++i) p.give_at(i * 100);
    p.turn();
    p.hang_up(2);
    p.turn();
    p.pool.close_idle(250);  // gives times 0 and 100 up; 200 has left already
    CHECK(p.pool.idle() == 3);
    p.hang_up(5);
    p.turn();
    CHECK(p.pool.idle() == 2);
    p.pool.close_idle(1000);
    CHECK(p.pool.idle() == 0);
}

TEST_CASE("a look tells a live connection from one that was closed or has said something") {
    Pool p;
    auto live = p.fresh(), closed = p.fresh(), talking = p.fresh();
    p.hang_up(1);
    REQUIRE(::write(p.other[2], "x", 1) == 1);
    CHECK_FALSE(live->stale());
    CHECK(closed->stale());
    CHECK(talking->stale());
}

TEST_CASE("a request that cannot be repeated waits for a witness before it trusts a kept connection") {
    Pool p;
    p.give_at(0);
    CHECK(p.pool.take_safe() == nullptr);  // it is not known how long this endpoint lets a connection wait
    p.give_at(10);                         // the witness, set aside: it counts, and is not taken
    CHECK(p.pool.idle() == 2);
    p.turn();
    CHECK(p.pool.take()->descriptor() >= 0);
    CHECK(p.pool.take() == nullptr);
    p.now_ms = 1009;
    p.pool.note_survivors();
    CHECK(p.pool.take() == nullptr);
    p.now_ms = 1010;
    p.pool.note_survivors();
    CHECK(p.pool.idle() == 1);
    CHECK(p.pool.take_safe() == nullptr);  // it has waited too long itself
    p.give_at(1100);
    CHECK(p.pool.take_safe() != nullptr);
}

TEST_CASE("an endpoint that closes its witness is not trusted, and asked again after a rest") {
    Pool p;
    p.give_at(0);
    CHECK(p.pool.take_safe() == nullptr);
    p.give_at(10);
    p.turn();
    p.now_ms = 300;
    p.hang_up(1);
    p.turn();
    CHECK(p.pool.idle() == 1);
    p.now_ms = 5000;
    p.pool.note_survivors();  // the other one lives, but it was kept before the breach
    CHECK(p.pool.take_safe() == nullptr);
    p.give_at(5001);
    CHECK(p.pool.take() != nullptr);  // no new witness yet
    p.now_ms = 300 + upstream::Patience::kFirstRestMs;
    CHECK(p.pool.take_safe() == nullptr);
    p.give_at(p.now_ms);
    p.now_ms += 1000;
    p.pool.note_survivors();
    p.give_at(p.now_ms);
    CHECK(p.pool.take_safe() != nullptr);
}

TEST_CASE("the pool's witness goes with the others when idle connections are closed") {
    Pool p;
    CHECK(p.pool.take_safe() == nullptr);
    p.give_at(0);
    p.give_at(1);
    REQUIRE(p.pool.idle() == 2);
    p.pool.close_idle(1000);
    CHECK(p.pool.idle() == 0);
}

TEST_CASE("a connection that was made another way is never taken, and goes when the way changes") {
    const auto way = net::OutwardTls::make({}, nullptr), other = net::OutwardTls::make({}, nullptr);
    Pool p;
    const auto made = [&](const Connection::How& how) {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
        auto out = p.pool.fresh(how);
        REQUIRE(out->accepted(ends[0], p.poller));
        out->readable = false;
        p.other.push_back(ends[1]);
        return out;
    };
    for (const auto& how : {Connection::How{}, way, other}) p.pool.give(made(how), 10);
    const auto taken = p.pool.take(way.get());
    REQUIRE(taken);
    CHECK(taken->how() == way);
    CHECK(p.pool.idle() == 2);  // the one in clear, and `other`: passed over
    CHECK_FALSE(p.pool.take(way.get()));
    p.pool.keep_only(way.get());
    CHECK(p.pool.idle() == 0);
    for (const auto& how : {way, Connection::How{}, way}) p.pool.give(made(how), 10);
    p.pool.keep_only(way.get());
    CHECK(p.pool.idle() == 2);
    const auto sessions = p.pool.sessions(way);
    CHECK(p.pool.sessions(way) == sessions);
    p.pool.keep_only(nullptr);
    CHECK(p.pool.idle() == 0);
    CHECK(p.pool.sessions(way) != sessions);
}

TEST_CASE("an exchange of older settings finds what was made for it, and takes nothing from the newer ones") {
    Pool p;
    std::string why;
    const Connection::How before = net::OutwardTls::make({}, &why), now = net::OutwardTls::make({}, &why);
    REQUIRE(before);
    REQUIRE(now);
    const auto sessions = p.pool.sessions(before);
    p.pool.keep_only(now.get());
    const auto theirs = p.pool.sessions(now);
    CHECK(theirs != sessions);
    p.now_ms = 1;
    p.pool.give(p.fresh(now), 10);
    CHECK(p.pool.take(before.get()) == nullptr);
    CHECK(p.pool.sessions(before) != theirs);
    CHECK(p.pool.sessions(now) == theirs);
    p.pool.give(p.fresh(before), 10);
    CHECK(p.pool.idle() == 2);
    CHECK(p.pool.take(now.get()) != nullptr);
    CHECK(p.pool.take(before.get()) != nullptr);
    CHECK(p.pool.idle() == 0);
}
