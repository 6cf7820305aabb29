// Deadlines of one worker on a coarse timer wheel: setting one costs a store, not a system call.
//
// A Timer's deadline may be moved at will; only a deadline that comes earlier than the slot it hangs in is moved to
//   another slot, a later one is looked at when its old slot comes round. Precision: one tick.
// Threads: one worker. Owns nothing; a Timer takes itself out when it dies. Units: milliseconds of the steady clock.
// Source: Varghese & Lauck, hashed timing wheels, with lazy re-arming.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace switchyard::net {

class Wheel;

class Timer {
  public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { unlink(); }

  private:
    friend class Wheel;
    void unlink();

    Timer* previous_ = nullptr;
    Timer* next_ = nullptr;
    std::int64_t deadline_ = 0;  // 0: none
    std::int64_t slot_time_ = 0;
};

class Wheel {
  public:
    static constexpr std::int64_t kTick = 100;
    static constexpr std::size_t kSlots = 1024;  // 102 s; later deadlines hang in the last slot and are moved on

    Wheel();
    // `when` 0 takes the deadline away.
    void set(Timer& timer, std::int64_t when);
    // Calls expired(Timer&) for each whose deadline has passed; that may set, unset or destroy any timer.
    template <class Expired>
    void advance(std::int64_t now, Expired expired) {
        while (time_ + kTick <= now) {
            time_ += kTick;
            Timer& head = slots_[index(time_)];
            while (head.next_ != &head) {
                Timer& timer = *head.next_;
                timer.unlink();
                if (timer.deadline_ == 0) continue;
                if (timer.deadline_ > time_) {
                    link(timer);
                    continue;
                }
                timer.deadline_ = 0;
                expired(timer);
            }
        }
    }
    void start(std::int64_t now) { time_ = now - now % kTick; }

  private:
    static std::size_t index(std::int64_t time) { return static_cast<std::size_t>(time / kTick) % kSlots; }
    void link(Timer& timer);

    std::int64_t time_ = 0;
    std::array<Timer, kSlots> slots_;  // list heads
};

}  // namespace switchyard::net
