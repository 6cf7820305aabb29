#include "forum/store/search_share.h"

#include <ctime>
#include <utility>

namespace forum {

namespace {

std::chrono::nanoseconds time_of_thread() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

SearchShare::SearchShare(std::chrono::nanoseconds time, std::function<bool()> gone)
    : ends_(time_of_thread() + time), gone_(std::move(gone)) {}

bool SearchShare::is_over() const {
    if (ends_ == std::chrono::nanoseconds::max()) return false;
    return time_of_thread() >= ends_ || (gone_ && gone_());
}

}  // namespace forum
