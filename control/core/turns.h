// One after the other: a change of what is in force has its turn to itself, from its first look until the
// disk has answered.
//
// Invariants: at most one Turn is held; the next begins when the last copy of it is gone, whatever it was that let go
//   of it. Turns begin in the order in which they were asked for, but a return to an old release goes before all who
//   wait. When no other is before it, a caller's turn begins within take().
// Threads: control. Bounded: kMostWaiting, without the returns (each rollout has one).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

namespace switchyard::control {

using Turn = std::shared_ptr<void>;

class Turns {
  public:
    using Job = std::function<void(Turn)>;
    // Each holds a change, up to a whole document, and a client that waits; a pipeline that sends more changes while
    // the disk hangs does not wait for any of them.
    static constexpr std::size_t kMostWaiting = 64;
    enum class Place : std::uint8_t { last, first, after_all };  // the latter however many wait

    explicit Turns(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    // False: too many wait already.
    bool take(Job job, Place place = Place::last) {
        if (!taken_) {
            taken_ = true;
            job(turn());
            return true;
        }
        if (place == Place::last && waiting_.size() >= kMostWaiting) return false;
        (place == Place::first ? first_ : waiting_).push_back(std::move(job));
        return true;
    }
    // No waiting caller gets a turn any more.
    void stop() {
        alive_.reset();
        first_.clear();
        waiting_.clear();
    }
    std::size_t waiting() const { return first_.size() + waiting_.size(); }

  private:
    Turn turn() {
        return {nullptr, [this, alive = std::weak_ptr(alive_)](void*) {
                    if (!alive.expired()) over();
                }};
    }
    // On the loop and not from here: where a turn ends, its own caller is still at work.
    void over() {
        if (waiting() == 0) {
            taken_ = false;
            return;
        }
        boost::asio::post(executor_, [this, alive = std::weak_ptr(alive_)] {
            if (!alive.expired()) begin_next();
        });
    }
    void begin_next() {
        auto& from = first_.empty() ? waiting_ : first_;
        const Job job = std::move(from.front());
        from.pop_front();
        job(turn());
    }

    const boost::asio::any_io_executor executor_;
    std::deque<Job> first_, waiting_;
    bool taken_ = false;
    std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace switchyard::control
