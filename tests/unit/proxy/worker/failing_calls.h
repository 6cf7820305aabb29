// Calls that fail when a test says so: `new`, socket, accept4, epoll_ctl – in the program that this is linked into, for
// all that the worker does while it is turned, and for nothing that the test does itself.
//
// Threads: the test's.
#pragma once

#include <cstddef>

namespace switchyard::test {

enum class Failing : unsigned char { nothing, memory, sockets, accepts, watches };

// Until it ends: from the `at`-th call of that kind on (1 is the first), `count` of them fail.
class FailuresFrom {
  public:
    FailuresFrom(Failing what, std::size_t at, std::size_t count = 1);
    ~FailuresFrom();
    FailuresFrom(const FailuresFrom&) = delete;
    FailuresFrom& operator=(const FailuresFrom&) = delete;

    // Calls of that kind so far.
    std::size_t calls() const;
};

// The worker works: calls count.
class Working {
  public:
    Working();
    ~Working();
    Working(const Working&) = delete;
    Working& operator=(const Working&) = delete;
};

}  // namespace switchyard::test
