// How much of a processor one search may take, and who still waits for it.
//
// Counted is the time of the thread, not of the clock: a busy machine makes a search slower and not worse. Threads: the
// one that made it.
#pragma once

#include <chrono>
#include <functional>

namespace forum {

class SearchShare {
  public:
    SearchShare() = default;  // as long as it takes
    // `gone` says that the answer is not waited for any more.
    SearchShare(std::chrono::nanoseconds time, std::function<bool()> gone);

    // Cheap enough to ask for each text that was ranked: it looks once a millisecond.
    bool is_over();

  private:
    std::chrono::nanoseconds ends_ = std::chrono::nanoseconds::max();
    std::chrono::steady_clock::time_point look_again_;
    bool over_ = false;
    std::function<bool()> gone_;
};

}  // namespace forum
