// A regular expression that all workers ask, each by a copy of its own: RE2 learns while it matches and locks what it
// has learned, and a worker waits for nothing.
//
// A copy is compiled when its thread first needs it, so that ten thousand rules cost nothing until they are asked.
// Threads: found_in() by any thread that has a number of its own; control and tests have 0.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/expression.h"

namespace switchyard::route {

class Expression {
  public:
    // For the threads 0 … `workers`.
    Expression(std::string pattern, unsigned workers, bool groups = false);
    const std::string& pattern() const { return pattern_; }
    // By this version's engine, though an earlier one took it: nothing may be concluded from it.
    bool refused() const { return refused_; }
    bool found_in(std::string_view value) const;
    // What its groups take of the value, the whole first; only where it was made with groups.
    bool take(std::string_view value, std::span<std::string_view> into) const;

    // Worker 0 is thread 1.
    static void this_thread_is(unsigned number);

  private:
    std::unique_ptr<const re2::RE2> made() const;
    const re2::RE2& mine() const;

    std::string pattern_;
    bool groups_, refused_;
    mutable std::vector<std::unique_ptr<const re2::RE2>> copies_;  // each touched by its thread alone
};

}  // namespace switchyard::route
