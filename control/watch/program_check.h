// A check by a program: one that process.checks names is run, and ends with 0 where the endpoint is well.
//
// It has: the words that stand in the configuration, and no shell; an environment of its own; the root folder to begin
//   in; nothing to read, and nowhere to write to; none of our descriptors; no privilege of ours, and no way to get one.
//   It is the head of a process group, which ends as a whole when it has ended, or when its time is over; it is waited
//   for by itself, so that none is left unreaped.
// Threads: control, which waits for nothing: a thread beside starts each program, so that one on a disk that hangs
//   holds up no other check. At most kMostPrograms at once. Errors: words in the result.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "control/watch/check_result.h"

namespace switchyard::control {

// A health check that is asked for every second is meant to cost little; those that do not die (a disk that hangs)
// count until they do.
inline constexpr unsigned kMostPrograms = 64;
unsigned programs_under_way();

struct CheckProgram {
    std::vector<std::string> words;        // the first is its path
    std::vector<std::string> environment;  // "NAME=value"
};

boost::asio::awaitable<CheckResult> check_by_program(CheckProgram program, std::chrono::milliseconds limit);

}  // namespace switchyard::control
