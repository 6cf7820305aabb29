// What happened, for those that watch: a bounded log of events with ever-growing ids, and a bell for new ones.
//
// Invariants: ids grow, also across restarts (they begin at the start time in microseconds), so a client that resumes
//   with an id from before a restart misses nothing silently: since() tells when something it wanted is gone.
// Threads: control.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace switchyard::control {

struct Event {
    std::uint64_t id = 0;
    std::string kind;  // change | health | ejection | drain | rollout | release | file | store | certificate |
                       // acme | discovery
    std::string data;  // JSON in one line, with the time as "at": rendered once, and small while it is kept
};

class EventLog {
  public:
    static constexpr std::size_t kKept = 4096;
    // A change of ten thousand routes is an event of a megabyte: then fewer are kept.
    static constexpr std::size_t kKeptBytes = 16 << 20;

    explicit EventLog(std::uint64_t first_id) : next_(first_id) {}

    void add(std::string kind, nlohmann::ordered_json body);

    struct Since {
        std::vector<Event> events;
        bool gap = false;  // events between `id` and the first of these are no longer kept
    };
    // 0: whatever is kept, without asking for what was before. An id that this log cannot have given out: a gap and
    // all. No more after the one that makes it `most` bytes: a reader that has stopped must not hold all of them.
    Since since(std::uint64_t id, std::size_t most = std::numeric_limits<std::size_t>::max()) const;
    std::uint64_t last_id() const { return next_ - 1; }

    // `ring` is called after every add() until the subscription is cancelled by its number.
    // For the process that takes this one's place: the newest, of so many bytes at most.
    nlohmann::ordered_json newest(std::size_t bytes) const;
    // Goes on where that one's log ends. Before the first add().
    void go_on_after(const nlohmann::ordered_json& log);
    unsigned subscribe(std::function<void()> ring);
    void unsubscribe(unsigned subscription);

  private:
    std::deque<Event> events_;
    std::size_t bytes_ = 0;  // of their data
    std::uint64_t next_;
    std::map<unsigned, std::function<void()>> bells_;
    unsigned next_bell_ = 1;
};

}  // namespace switchyard::control
