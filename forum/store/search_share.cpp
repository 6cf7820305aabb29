#include "forum/store/search_share.h"

#include <ctime>
#include <utility>

namespace forum {

namespace {

constexpr std::chrono::milliseconds kLookEvery{1};

std::chrono::nanoseconds time_of_thread() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

SearchShare::SearchShare(std::chrono::nanoseconds time, std::function<bool()> gone)
    : ends_(time_of_thread() + time), gone_(std::move(gone)) {}

bool SearchShare::is_over() {
    if (over_ || ends_ == std::chrono::nanoseconds::max()) return over_;
    // Asking for the time of a thread, and whether a socket was closed, are calls of the system; this is none.
    const auto at = std::chrono::steady_clock::now();
    if (at < look_again_) return false;
    look_again_ = at + kLookEvery;
    over_ = time_of_thread() >= ends_ || (gone_ && gone_());
    return over_;
}

}  // namespace forum
