// The store on its own thread: order, an end that loses nothing, and a reader that waits for no writer.
#include "control/store/store_thread.h"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <latch>
#include <stdexcept>

#include "tests/unit/control/store/commit_of.h"
#include "tests/unit/control/store/scratch_dir.h"

using namespace switchyard::control;

namespace {

struct Threaded {
    ScratchDir dir;
    boost::asio::io_context io;
    std::optional<StoreThread> store;
    std::unique_ptr<Store> reader;
    std::vector<std::string> heard;

    Threaded() {
        auto opened = Store::open(dir / "db");
        REQUIRE(opened.has_value());
        store.emplace(std::move(opened->store), io.get_executor());
        auto second = Store::open_reader(dir / "db", {});
        REQUIRE(second.has_value());
        reader = std::move(*second);
    }
    void give(const std::string& name, StoreWriter::Write write) {
        store->write(std::move(write), [this, name](const Result<void>& result) {
            heard.push_back(name + (result ? "" : ": " + result.error().detail));
        });
    }
    void until_heard(std::size_t n) {
        while (heard.size() < n) {
            io.restart();
            io.run_one();
        }
    }
};

StoreWriter::Write committing(std::uint64_t number) {
    return [number](Store& s) { return s.commit(commit_of(number)); };
}

}  // namespace

TEST_CASE("what is given is written in its order and said to be durable on the caller's loop") {
    Threaded t;
    for (std::uint64_t g = 1; g <= 20; ++g) t.give(std::to_string(g), committing(g));
    CHECK(t.heard.empty());
    t.store->start();
    auto work = boost::asio::make_work_guard(t.io);
    t.until_heard(20);
    for (std::size_t i = 0; i < 20; ++i) CHECK(t.heard[i] == std::to_string(i + 1));
    CHECK((**t.reader->newest()).number == 20);
}

TEST_CASE("a write that hangs holds up writes, and no reader") {
    Threaded t;
    REQUIRE(t.store->store().commit(commit_of(1)).has_value());
    auto work = boost::asio::make_work_guard(t.io);
    std::latch inside(1), let_go(1);
    t.store->start();
    // Within the transaction, as a disk that does not end its fsync.
    t.give("hung", [&](Store& s) {
        inside.count_down();
        let_go.wait();
        return s.commit(commit_of(2));
    });
    t.give("next", committing(3));
    inside.wait();
    CHECK(t.store->sight().under_way.has_value());
    CHECK(t.store->sight().waiting == 1);
    CHECK((**t.reader->newest()).number == 1);
    CHECK((*t.reader->verify_audit()).intact);
    let_go.count_down();
    t.until_heard(2);
    CHECK(t.heard == std::vector<std::string>{"hung", "next"});
    CHECK((**t.reader->newest()).number == 3);
    CHECK((*t.reader->verify_audit()).entries == 3);
}

TEST_CASE("beyond what may wait a write is refused at once, and so is one that comes after the end") {
    Threaded t;
    for (std::uint64_t g = 1; g <= StoreThread::kMostWaiting; ++g) t.give("", committing(g));
    t.give("late", committing(1));
    REQUIRE(t.heard.size() == 1);
    CHECK(t.heard[0].find("does not keep up") != std::string::npos);
    t.store->start();
    t.store->stop();  // writes what was given
    CHECK((**t.reader->newest()).number == StoreThread::kMostWaiting);
    t.give("too late", committing(1));
    CHECK(t.heard.size() == 2);
}

TEST_CASE("an exception in a write is that write's failure, and the thread goes on") {
    Threaded t;
    auto work = boost::asio::make_work_guard(t.io);
    t.store->start();
    t.give("thrown", [](Store&) -> Result<void> { throw std::runtime_error("no memory"); });
    t.give("next", committing(1));
    t.until_heard(2);
    CHECK(t.heard[0].find("no memory") != std::string::npos);
    CHECK(t.heard[1] == "next");
}

TEST_CASE("the reader writes nothing") {
    Threaded t;
    CHECK_FALSE(t.reader->commit(commit_of(1)).has_value());
    CHECK_FALSE(Store::refusing("read-only")->commit(commit_of(1)).has_value());
    CHECK(Store::refusing("read-only")->put_journal("r1", "x").error().kind == "store_unavailable");
}
