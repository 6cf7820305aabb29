#include "forum/store/writer.h"

#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include "forum/store/engine/side_file.h"
#include "store_fixture.h"

using namespace forum;

namespace {

void insert(Connection& connection, std::int64_t value) {
    connection.query_text("INSERT INTO numbers (value) VALUES (?)").with(value).run();
}

std::int64_t count(Store& store) {
    return store.readers.with([](Connection& connection) {
        Query query = connection.query_text("SELECT count(*) FROM numbers");
        query.step();
        return query.integer(0);
    });
}

struct Numbers {
    Directory directory;
    std::string file = directory.file("numbers.db");
    Numbers() {
        Connection connection(file, Connection::Mode::read_write);
        connection.execute("CREATE TABLE numbers (value INTEGER UNIQUE)");
    }
};

}  // namespace

TEST_CASE("what run has returned for is there, from many threads, in far fewer commits") {
    Numbers numbers;
    Store store(numbers.file, kMinute);
    constexpr int kThreads = 8;
    constexpr int kEach = 100;
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            start.arrive_and_wait();
            for (int i = 0; i < kEach; ++i) store.writer.run([&](Connection& c) { insert(c, t * kEach + i); });
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(count(store) == kThreads * kEach);
    CHECK(store.writer.counts().changes == kThreads * kEach);
    CHECK(store.writer.counts().commits <= kThreads * kEach);
}

TEST_CASE("a change that throws is undone alone, and its caller learns why") {
    Numbers numbers;
    Store store(numbers.file, kMinute);
    store.writer.run([](Connection& c) { insert(c, 1); });
    constexpr int kThreads = 6;
    std::barrier start(kThreads);
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            start.arrive_and_wait();
            for (int i = 0; i < 50; ++i) {
                try {
                    store.writer.run([&](Connection& c) {
                        insert(c, 1'000 + t * 50 + i);
                        if (i % 2 == 0) insert(c, 1);  // taken: the whole change goes
                    });
                } catch (const ConstraintError&) {
                    ++refused;
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(refused == kThreads * 25);
    CHECK(count(store) == 1 + kThreads * 25);
}

TEST_CASE("exceptions of any kind come back to the caller") {
    Numbers numbers;
    Store store(numbers.file, kMinute);
    CHECK_THROWS_AS(store.writer.run([](Connection&) { throw 42; }), int);
    store.writer.run([](Connection& c) { insert(c, 1); });
    CHECK(count(store) == 1);
}

TEST_CASE("a change that cannot begin in time is withdrawn and did not happen") {
    Numbers numbers;
    Store store(numbers.file, 200);
    SideFile other(numbers.file);
    other.enter_turnstile();  // another process has its turn and keeps it
    CHECK_THROWS_AS(store.writer.run([](Connection& c) { insert(c, 1); }), StoreUnavailable);
    other.leave_turnstile();
    CHECK(count(store) == 0);
    store.writer.run([](Connection& c) { insert(c, 2); });
    CHECK(count(store) == 1);
}

TEST_CASE("two writers on one file take turns and lose nothing") {
    Numbers numbers;
    Store blue(numbers.file, kMinute);
    Store green(numbers.file, kMinute);
    constexpr int kEach = 200;
    const auto write = [&](Store& store, int from) {
        for (int i = 0; i < kEach; ++i) store.writer.run([&](Connection& c) { insert(c, from + i); });
    };
    std::thread one([&] { write(blue, 0); });
    std::thread two([&] { write(green, kEach); });
    one.join();
    two.join();
    CHECK(count(blue) == 2 * kEach);
}

TEST_CASE("counters are raised before run returns, and other processes see them") {
    Numbers numbers;
    Store store(numbers.file, kMinute);
    SideFile other(numbers.file);
    const std::uint64_t lists = other.lists();
    const std::uint64_t post = other.post("0123456789ab");
    store.writer.run([](Connection& c) {
        c.touch_lists();
        c.touch_post("0123456789ab");
    });
    CHECK(other.lists() == lists + 1);
    CHECK(other.post("0123456789ab") == post + 1);
    CHECK(other.life() == store.signals.life());
    CHECK_THROWS(store.writer.run([](Connection& c) {
        c.touch_lists();
        throw 1;
    }));
    CHECK(other.lists() == lists + 1);
    const std::uint64_t searches = other.searches();
    store.writer.run([](Connection& c) { c.touch_searches(); });
    CHECK(other.lists() == lists + 1);
    CHECK(other.searches() == searches + 1);
    store.writer.run([](Connection& c) { c.touch_lists(); });
    CHECK(other.searches() == searches + 2);
}

TEST_CASE("what is gathered for the commit is done there, and goes with the change that is undone") {
    Numbers numbers;
    Store store(numbers.file, kMinute);
    constexpr int kThreads = 6;
    constexpr int kEach = 40;
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            start.arrive_and_wait();
            for (int i = 0; i < kEach; ++i) {
                const auto change = [&](Connection& c) {
                    c.at_commit([value = t * kEach + i](Connection& at_commit) { insert(at_commit, value); });
                    if (i % 4 == 0) throw 42;
                };
                try {
                    store.writer.run(change);
                } catch (int) {
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(count(store) == kThreads * kEach * 3 / 4);
}

TEST_CASE("a commit that fails at its end fails everybody in it, and the next one is not harmed") {
    Numbers numbers;
    Store store(numbers.file, kMinute);
    store.writer.run([](Connection& c) { insert(c, 1); });
    CHECK_THROWS_AS(store.writer.run([](Connection& c) {
        c.at_commit([](Connection& at_commit) { insert(at_commit, 1); });
        insert(c, 2);
    }),
                    StoreUnavailable);
    CHECK(count(store) == 1);
    store.writer.run([](Connection& c) { insert(c, 3); });
    CHECK(count(store) == 2);
}
