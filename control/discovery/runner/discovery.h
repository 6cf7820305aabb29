// All upstreams whose endpoints are discovered: a roll and a source for each, and what follows from their news.
//
// A roll makes no generation: what it names goes to Names::discovered, where it is a fact among the others, published
// at most five times a second for all upstreams together.
// Invariants: an upstream of the configuration in force is known here exactly when it discovers. What was found for a
//   source stays when the source is exchanged, until the new one has answered, and over a restart when it is the same.
// Threads: control. Nothing here waits for a source.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/discovery/roll.h"
#include "control/discovery/runner/doors.h"
#include "control/discovery/runner/source.h"

namespace switchyard::control::discovery {

// A change, or what a guard began to hold.
struct Happening {
    std::int64_t at_ms = 0;
    std::uint64_t roll = 0;
    Roll::News news;
};
// How it is with one upstream.
struct Sight {
    std::string source;
    Roll::State state = Roll::State::starting;
    std::string why;  // stale
    std::optional<std::chrono::milliseconds> stale;
    std::uint64_t roll = 0;
    std::vector<Roll::Member> members;
    std::deque<Happening> history;
};

class Discovery {
  public:
    static constexpr std::chrono::seconds kKeepEvery{1};    // the store is written no more often
    static constexpr std::chrono::seconds kFirstAnswer{5};  // all_asked() waits no longer for a silent source
    static constexpr std::chrono::minutes kLongStale{5};    // then it is said again, louder
    static constexpr std::chrono::seconds kLookAgain{5};    // where a look has brought nothing
    static constexpr std::size_t kHistory = 100;            // changes of each upstream

    struct Doors {
        const EndpointHealth& health;
        RollReaders& readers;
        Sources& sources;
    };

    Discovery(boost::asio::any_io_executor executor, Doors doors, Rows restored);
    ~Discovery();

    // Before the first configuration is compiled: what an earlier run knew is known again.
    void introduce(const config::Model& model);
    // This configuration is in force; `own`: its listeners, with the ports that they have.
    void follow(const config::Model& model, const std::vector<config::Listener>& own);
    // An endpoint went up or down.
    void health_changed(const std::string& upstream);
    void stop();

    std::optional<Sight> sight(const std::string& upstream) const;
    // Every source has answered, or had time enough.
    bool all_asked() const;

  private:
    struct Entry;
    Entry& entry(const std::string& upstream, const config::Upstream& settings);
    void heard(Entry& entry, const Sighting& sighting);
    void judge(Entry& entry);
    void took_place(Entry& entry, bool changed);
    Roll::Health health_of(const Entry& entry) const;
    Sight sight_of(const Entry& entry) const;
    static std::optional<std::chrono::steady_clock::time_point> next_look(const Entry& entry);
    void arm();
    void look_at_time();
    void keep_soon(const std::string& upstream);
    void keep_now();

    const boost::asio::any_io_executor executor_;
    const Doors doors_;
    Rows restored_;
    std::map<std::string, std::unique_ptr<Entry>> entries_;
    std::set<std::string> unkept_;
    boost::asio::steady_timer timer_, keep_timer_;
    bool keeping_ = false;
    bool stopped_ = false;
};

}  // namespace switchyard::control::discovery
