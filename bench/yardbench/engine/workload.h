// What to send next, and what to make of the answer: one Workload object per load thread, called on that thread only.
//
// A slot is one keep-alive connection and the virtual user on it. For a slot, next() and finished() alternate.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "bench/yardbench/engine/outcome.h"

namespace yardbench {

inline constexpr std::uint8_t kMaxAttempts = 5;  // of one request: the engine asks for no verdict.retry beyond it

struct Call {
    std::string_view bytes;  // the whole request; must stay valid until finished() has returned
    std::uint32_t tag = 0;
    Nanos think = 0;         // wait this long before sending (closed loop only)
    bool head = false;       // the method is HEAD
    bool keep_text = false;  // keep the response's head and body for finished()
    bool none = false;       // this slot has nothing more to do
};

struct Verdict {
    Failure failure = Failure::none;
    bool retry = false;      // send the same bytes again; the latency keeps counting
    bool reconnect = false;  // on a fresh connection
};

class Workload {
  public:
    virtual ~Workload() = default;
    virtual void next(std::uint32_t slot, Call& call) = 0;
    // `outcome.failure` is what the engine saw on the wire; a status of 400 or more is left to the workload.
    virtual Verdict finished(const Outcome& outcome) = 0;
};

}  // namespace yardbench
