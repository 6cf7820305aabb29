#pragma once
// How much of a processor one search may take, and who still waits for it.
//
// Counted is the time of the thread, not of the clock: a busy machine makes a search slower and not worse. Threads: the
// one that made it.

#include <chrono>
#include <functional>

namespace forum {

class SearchShare {
  public:
    SearchShare() = default;  ///< as long as it takes
    /// `gone` says that nobody waits for the answer any more.
    SearchShare(std::chrono::nanoseconds time, std::function<bool()> gone);

    bool is_over() const;

  private:
    std::chrono::nanoseconds ends_ = std::chrono::nanoseconds::max();
    std::function<bool()> gone_;
};

}  // namespace forum
