// What an exchange sleeps on: woken by its streams, its alarm or its turn, one coroutine at a time.
//
// Threads: one worker.
#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

#include "proxy/net/poller.h"
#include "proxy/serve/turn_budget.h"
#include "proxy/serve/worker_context.h"

namespace switchyard::serve {

class Strand : public net::Waiter {
  public:
    explicit Strand(WorkerContext& context) : Waiter(context.poller), context_(context) { alarm.waiter = this; }

    WorkerContext& context() { return context_; }

    TurnBudget budget;  // of this wake
    Alarm alarm;

    // Wakes at `at_ms` unless moved; expired() says so.
    void set_deadline(std::int64_t at_ms) {
        alarm.expired = false;
        context_.wheel->set(alarm, at_ms);
    }
    bool expired() const { return alarm.expired; }

    // co_await strand.sleep(): until a stream that notifies this strand, or the alarm, has news.
    struct Sleep {
        Strand& strand;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> sleeper) noexcept { strand.sleeper_ = sleeper; }
        void await_resume() const noexcept {}
    };
    Sleep sleep() { return Sleep{*this}; }
    // co_await strand.let_others(): until all that wait now have had their turn, or there is news.
    Sleep let_others() {
        step_back();
        return Sleep{*this};
    }

  protected:
    void resume_sleeper() {
        const auto sleeper = std::exchange(sleeper_, nullptr);
        if (sleeper) sleeper.resume();
    }

    WorkerContext& context_;
    std::coroutine_handle<> sleeper_;
};

}  // namespace switchyard::serve
