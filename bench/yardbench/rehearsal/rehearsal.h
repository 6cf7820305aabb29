// A release rehearsed on a running Switchyard while load goes on: canary by header, a split, the switch, the sudden
// death of one process, and undo. Tells its story as it happens.
//
// Threads: perform() runs on a thread of its own beside the load; the results are read when it has ended.
// Errors: a step that Switchyard refuses ends the rehearsal; `broken` says why.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "bench/yardbench/rehearsal/admin_client.h"
#include "bench/yardbench/rehearsal/live_counts.h"

namespace yardbench {

class Rehearsal {
  public:
    struct Settings {
        Url target;
        std::string route;
        std::string from = "blue";
        std::string to = "green";
        std::string colour_header = "X-Forum-Colour";
        std::string canary_header = "X-Release: canary";
        unsigned canary_requests = 50;
        unsigned split_percent = 10;
        int kill_pid = 0;           // 0: nothing is killed
        std::string kill_name;      // how the story calls that process
        Nanos pause = 2 * kSecond;  // of load before and after every step
    };

    Rehearsal(Settings settings, AdminClient& admin, LiveCounts& counts)
        : settings_(std::move(settings)), admin_(admin), counts_(counts) {}

    void perform();
    void cancel() { cancelled_ = true; }

    // After perform() has returned.
    const std::vector<SwitchAnswer>& answers() const { return answers_; }
    const std::string& broken() const { return broken_; }
    std::uint64_t canary_right() const { return canary_right_; }
    Nanos killed_at() const { return killed_at_; }
    Nanos split_until() const { return split_until_; }

  private:
    bool wait(Nanos length);
    bool canary();
    bool change(const char* what, const SwitchAnswer& answer);
    bool kill_process();
    void tell(const std::string& line) const;
    void tell_counts(const char* when);

    const Settings settings_;
    AdminClient& admin_;
    LiveCounts& counts_;
    Nanos begun_ = 0;
    std::array<std::uint64_t, 4> last_counts_{};
    std::vector<SwitchAnswer> answers_;
    std::string broken_;
    std::uint64_t canary_right_ = 0;
    Nanos killed_at_ = 0;
    Nanos split_until_ = 0;
    std::atomic<bool> cancelled_{false};
};

}  // namespace yardbench
