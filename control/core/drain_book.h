// Drains: what is still in flight by older generations to the upstreams that a change took traffic from.
//
// Invariants: a drain's counts are exact, not sampled, once every worker has adopted its generation: no exchange can
//   join them any more, so they only fall, and zero is final. Until then they are what is known so far.
// Pure: fed with adoptions, retirements and reports. Threads: control. Bounded: the newest kKept drains are
//   remembered, open ones before finished ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/base/timestamp.h"
#include "proxy/base/metrics.h"

namespace switchyard::control {

struct InFlightCount {
    std::uint64_t requests = 0;
    std::uint64_t tunnels = 0;
    std::uint64_t streams = 0;  // requests that have lasted for more than a minute; they are none of the others
    bool operator==(const InFlightCount&) const = default;
    std::uint64_t all() const { return requests + tunnels + streams; }
    bool zero() const { return all() == 0; }
};
using InFlightByUpstream = std::map<std::string, InFlightCount>;

// What happens to whatever is left at a drain's deadline.
enum class DrainPolicy : std::uint8_t {
    leave,  // it may finish in its own time; the drain says "expired"
    cut,    // it is ended there, and the drain goes on until the workers have done so
};

struct Drain {
    enum class State : std::uint8_t { running, done, expired };
    std::uint64_t generation = 0;  // its id: the change that began it
    State state = State::running;
    std::set<std::uint32_t> upstreams;  // Registry ids
    WallTime started{};
    std::optional<WallTime> ended;
    std::optional<WallTime> deadline;                          // as it is shown
    std::optional<std::chrono::steady_clock::time_point> due;  // the same by a clock that is never set: this one counts
    DrainPolicy policy = DrainPolicy::leave;
    bool cut = false;             // the deadline has passed and the workers were told to end what is left
    InFlightByUpstream at_start;  // when the last worker adopted
};

class DrainBook {
  public:
    static constexpr std::size_t kKept = 256;

    explicit DrainBook(unsigned workers) : latest_(workers), adopted_(workers, 0) {}

    void name(std::uint32_t upstream, std::string text) { names_[upstream] = std::move(text); }
    // Nothing of it is in flight anywhere, and has not been for long: a drain that ended keeps its numbers.
    void forget(std::uint32_t upstream);
    void open(Drain drain);

    // Another process that has to adopt, numbered behind the workers (as in Adoption), until it is gone. `tells`: what
    // it has in flight is not known before it has reported; until then no drain ends.
    void joined(std::uint64_t generation, bool tells);
    bool adopted_elsewhere(unsigned number, std::uint64_t generation, WallTime now);
    // One that tells is not listened to for a while: until it is heard again, no drain ends.
    void paused(unsigned number);
    bool left(unsigned number, WallTime now);

    // These three may end drains: true when something changed that a waiter wants to see.
    bool adopted(unsigned worker, std::uint64_t generation, std::vector<InFlight> older, WallTime now);
    bool retired(unsigned worker, std::uint64_t generation, WallTime now);
    bool reported(unsigned worker, const std::vector<InFlight>& in_flight, WallTime now);
    // Drains whose deadline has passed and whose policy is to cut: the caller cuts them. Each is named once.
    std::vector<std::uint64_t> expire(std::chrono::steady_clock::time_point now, WallTime shown);

    const Drain* find(std::uint64_t generation) const;
    std::vector<const Drain*> newest_first() const;
    InFlightByUpstream in_flight(const Drain& drain) const;
    bool any_running() const;
    std::optional<std::chrono::steady_clock::time_point> next_due() const;

  private:
    bool settle(WallTime now);

    std::map<std::uint64_t, Drain> drains_;
    std::vector<std::vector<InFlight>> latest_;  // by worker: what it last said about every generation it holds
    std::vector<std::uint64_t> adopted_;
    std::map<unsigned, std::uint64_t> not_heard_;  // who has joined and not reported yet, with what it goes by
    std::map<std::uint32_t, std::string> names_;
};

}  // namespace switchyard::control
