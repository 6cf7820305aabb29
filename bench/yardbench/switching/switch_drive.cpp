#include "bench/yardbench/switching/switch_drive.h"

#include <algorithm>

namespace yardbench {
namespace {

constexpr Nanos kLongestNap = 20 * kMillisecond;  // how late cancel() may be noticed

}  // namespace

SwitchDrive::~SwitchDrive() {
    cancel();
    if (thread_.joinable()) thread_.join();
}

bool SwitchDrive::sleep_until(Nanos t) const {
    while (!cancelled_) {
        const Nanos left = t - now();
        if (left <= 0) return true;
        std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(left, kLongestNap)));
    }
    return false;
}

void SwitchDrive::start(std::function<void()> when_done) {
    thread_ = std::thread([this, when_done = std::move(when_done)] {
        Nanos due = now() + timetable_.first;
        for (unsigned i = 0; i < timetable_.times && sleep_until(due); ++i) {
            answers_.push_back(switcher_->to(timetable_.colours[i % timetable_.colours.size()]));
            ++made_;
            due = answers_.back().asked + timetable_.every;
        }
        sleep_until(now() + timetable_.settle);
        when_done();
    });
}

const std::vector<SwitchAnswer>& SwitchDrive::answers() {
    if (thread_.joinable()) thread_.join();
    return answers_;
}

}  // namespace yardbench
