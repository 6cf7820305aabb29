// The processes that served before this one and still finish what they have. They route by what this one decides, and a
// receipt waits for them.
//
// Invariants: at most kMost; one that is gone is counted no more. What is told goes to all of them.
// Threads: control. Owns: the lines to them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/upgrade/channel.h"

namespace switchyard::control::upgrade {

class Predecessors {
  public:
    // Each holds its connections' memory, and the workers of each go by every change.
    static constexpr std::size_t kMost = 2;

    // A question that was not answered by then – one of its threads is stuck – is asked again.
    static constexpr std::chrono::seconds kAskAgain{2};

    struct Ports {
        std::function<unsigned(bool counts)> joined;  // its number among those that adopt
        std::function<void(unsigned number, std::uint64_t generation)> adopted;
        std::function<void(unsigned number)> paused;  // of one that counts: it is not listened to for a while
        std::function<void(unsigned number)> left;
        // What one that counts has answered ask().
        std::function<void(unsigned number, bool newest, const Message&)> counts;
        // Of the newest: what it says of the upgrade itself.
        std::function<void(const Message&)> said;
        std::function<void()> gone;
    };

    Predecessors(boost::asio::any_io_executor executor, Ports ports);

    // From oldest to newest. `about`: pid, version, since; `counts`: it tells what it counts when it is asked.
    void add(switchyard::net::Descriptor line, Json about);
    // From here on receipts wait for them.
    void count_in();

    bool empty() const { return all_.empty(); }
    bool full() const { return all_.size() >= kMost; }
    Json view() const;
    // The same for another process, which goes on with them.
    Json handed_on() const;
    // Those that count, and have answered the last time.
    void ask(const std::function<Json(unsigned number)>& message);
    // `then` runs once, when each of those that count has answered for the first time, or is gone. False: none has to.
    bool await_all(std::function<void()> then);
    // What one has in flight.
    void has(unsigned number, std::uint64_t requests, std::uint64_t tunnels, std::uint64_t connections);
    void tell(const Json& message);
    // What an older program would not understand.
    void tell_those_that_count(const Json& message);
    bool offer_newest(const Json& message) { return !all_.empty() && all_.back()->line.offer(message); }
    bool newest_counts() const { return !all_.empty() && all_.back()->counts(); }
    void tell_newest(const Json& message);
    void cut_oldest();
    // To the next process: descriptors in the order of view().
    std::vector<int> lines() const;
    // None of them is this one's any more.
    void clear() { all_.clear(); }
    // While the next process may listen to them, this one does not, and its workers' adoption alone counts.
    void rest();
    void listen();

  private:
    struct One {
        Channel line;
        Json about;
        unsigned number = 0;
        bool counted = false;
        bool paused = false;
        std::chrono::steady_clock::time_point asked{};  // and not answered yet; zero: it has
        std::optional<std::uint64_t> requests, tunnels, connections;
        bool counts() const { return about.value("counts", false); }
        explicit One(switchyard::net::Descriptor fd) : line(std::move(fd)) {}
    };
    void look_whether_all_answered();
    void listen_to(One& one);
    void heard(One& one, const Message& message);
    void ended(One& one);

    const boost::asio::any_io_executor executor_;
    const Ports ports_;
    std::function<void()> when_all_;
    std::vector<std::unique_ptr<One>> all_;
    std::vector<std::unique_ptr<One>> gone_;  // one may be what calls
};

}  // namespace switchyard::control::upgrade
