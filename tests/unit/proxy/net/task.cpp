#include "proxy/net/task.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using switchyard::net::FrameCache;
using switchyard::net::Running;
using switchyard::net::Task;

namespace {

// Something to wait for: remembers who waits.
struct Gate {
    std::coroutine_handle<> waiting;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> who) noexcept { waiting = who; }
    void await_resume() const noexcept {}
    void open() { std::exchange(waiting, nullptr).resume(); }
};

// Notes when it is destroyed.
struct Noted {
    std::vector<std::string>* log;
    std::string name;
    ~Noted() { log->push_back(name); }
};

Task<int> answer(Gate& gate) {
    co_await gate;
    co_return 42;
}

Task<int> deep(int levels, Gate& gate) {
    if (levels == 0) co_return co_await answer(gate);
    const int below = co_await deep(levels - 1, gate);
    co_return below + 1;
}

Task<> failing(Gate& gate) {
    co_await gate;
    throw std::runtime_error("on purpose");
}

Running run_deep(Gate& gate, int& out) {
    out = co_await deep(100, gate);
}

Running run_failing(Gate& gate) {
    co_await failing(gate);
}

Running run_catching(Gate& gate, std::string& out) {
    try {
        co_await failing(gate);
    } catch (const std::runtime_error& error) {
        out = error.what();
    }
}

Task<> holding(Gate& gate, std::vector<std::string>& log) {
    const Noted inner{&log, "inner"};
    co_await gate;
}

Running run_holding(Gate& gate, std::vector<std::string>& log) {
    const Noted outer{&log, "outer"};
    co_await holding(gate, log);
}

}  // namespace

TEST_CASE("a task starts when awaited and hands its value up through every level") {
    Gate gate;
    int out = 0;
    const Running running = run_deep(gate, out);
    CHECK_FALSE(running.done());
    CHECK(gate.waiting == nullptr);
    running.handle().resume();
    REQUIRE(gate.waiting != nullptr);
    gate.open();
    CHECK(running.done());
    CHECK(out == 142);
    CHECK(running.failure() == nullptr);
}

TEST_CASE("an exception travels to the awaiter, or is kept by the running coroutine") {
    Gate gate;
    std::string caught;
    const Running catching = run_catching(gate, caught);
    catching.handle().resume();
    gate.open();
    CHECK(catching.done());
    CHECK(caught == "on purpose");

    const Running leaking = run_failing(gate);
    leaking.handle().resume();
    gate.open();
    CHECK(leaking.done());
    CHECK(leaking.failure() != nullptr);
}

TEST_CASE("destroying a coroutine that waits destroys what it waits for, inside first") {
    Gate gate;
    std::vector<std::string> log;
    {
        const Running running = run_holding(gate, log);
        running.handle().resume();
        CHECK(log.empty());
    }
    CHECK(log == std::vector<std::string>{"inner", "outer"});
}

TEST_CASE("a frame that was given back is used again") {
    void* first = FrameCache::allocate(1000);
    FrameCache::release(first, 1000);
    void* again = FrameCache::allocate(1000);
    CHECK(again == first);
    FrameCache::release(again, 1000);
    void* large = FrameCache::allocate(1'000'000);  // too large to be kept
    FrameCache::release(large, 1'000'000);
    FrameCache::trim();
}
