// Makes the switches of a run, one after another, on a thread of its own, while the load goes on.
//
// Threads: start() and the getters belong to the owner; the switches happen on the drive's thread. answers() is valid
//   once done() is true.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/yardbench/switching/switcher.h"

namespace yardbench {

class SwitchDrive {
  public:
    struct Timetable {
        std::vector<std::string> colours;  // taken in turn
        unsigned times = 10;
        Nanos first = kSecond;   // after start()
        Nanos every = kSecond;   // from one being asked for to the next; never before it was answered
        Nanos settle = kSecond;  // after the last answer
    };

    SwitchDrive(std::unique_ptr<Switcher> switcher, Timetable timetable)
        : switcher_(std::move(switcher)), timetable_(std::move(timetable)) {}
    ~SwitchDrive();

    void start(std::function<void()> when_done);
    void cancel() { cancelled_ = true; }
    unsigned made() const { return made_.load(); }
    // Waits for the thread to end.
    const std::vector<SwitchAnswer>& answers();

  private:
    bool sleep_until(Nanos t) const;

    const std::unique_ptr<Switcher> switcher_;
    const Timetable timetable_;
    std::vector<SwitchAnswer> answers_;
    std::atomic<unsigned> made_{0};
    std::atomic<bool> cancelled_{false};
    std::thread thread_;
};

}  // namespace yardbench
