// What happens to every request, in this order: a request id, the dispatcher, counting, one log line.
//
// Threads: any. Errors: none come out; what fails becomes an answer and a log line.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "forum/api/dispatch.h"
#include "forum/server/request_log.h"
#include "forum/server/settings.h"

namespace forum {

class RequestFlow {
  public:
    RequestFlow(Dispatcher& dispatcher, Service& service, RequestLog& log, const Settings& settings);

    // Sets the call's request id when it has none that is usable. Threads: any.
    Answer answer(Call& call);

  private:
    enum class Logged { all, failures, none };
    std::optional<Answer> rehearsed_fault(const Call& call);
    void log_line(const Call& call, const Dispatched& done, double seconds);

    Dispatcher& dispatcher_;
    Service& service_;
    RequestLog& log_;
    Logged logged_;
    std::int64_t fail_percent_;
    std::int64_t crash_after_;
    std::chrono::milliseconds delay_;
    std::atomic<std::int64_t> rehearsed_ = 0;
};

}  // namespace forum
