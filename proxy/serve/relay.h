// Moves one message body from a lane to another, in bounded memory and without waiting: step() does what can be done
// now and says what it waits for.
//
// Invariants: a run is pulled when the one before is out, so that nothing is queued (back-pressure). A guest that looks
//   at what passes, or changes it, has its place between pull and push: it sees each run once, before it is pushed.
// Threads: one worker. Owns nothing: octets stay with the lane they came by.
#pragma once

#include <cstdint>

#include "proxy/serve/lane.h"
#include "proxy/serve/turn_budget.h"

namespace switchyard::serve {

class CodedBody;

class Relay {
  public:
    enum class Step : std::uint8_t {
        wait_source,  // nothing to read yet
        wait_sink,    // the sink takes no more now
        others_turn,  // the budget is used up; there may be more to do at once
        done,
        source_closed,  // ended before the body was complete
        source_failed,
        source_bad,  // broken chunked coding
        sink_failed,
        too_large,
        short_of_memory,  // to code with
    };

    Relay(Lane& source, Lane& sink) : source_(source), sink_(sink) {}

    // `limit` 0: none. `head` must stay where it is until it is sent. `trailers`: those wanted are collected and go out
    // behind the body; null: none are.
    void start(const http::Body& body, std::uint64_t limit, std::string_view head, Coding coding,
               Trailers* trailers = nullptr);
    Step step(TurnBudget& budget) {
        if (coded_ != nullptr) [[unlikely]]
            return finished_ ? Step::done : step_coded(budget);
        return step_plain(budget);
    }
    // From start() on every octet passes through it.
    void pass_through(CodedBody* coded) { coded_ = coded; }

    bool finished() const { return finished_; }

  private:
    static Step step_of(Pull pull);
    Step step_plain(TurnBudget& budget);
    // relay_coded.cpp
    Step step_coded(TurnBudget& budget);
    Step push_coded();
    Step rest_coded(Pull pull);

    Lane& source_;
    Lane& sink_;
    Run run_;
    bool offered_ = false;  // the run is there, and not out yet
    bool finished_ = false;
    bool flows_ = true;  // the sink has taken the last run at once
    CodedBody* coded_ = nullptr;
};

}  // namespace switchyard::serve
