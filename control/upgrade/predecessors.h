// The processes that served before this one and still finish what they have. They route by what this one decides, and a
// receipt waits for them.
//
// Invariants: at most kMost; one that is gone is counted no more. What is told goes to all of them.
// Threads: control. Owns: the lines to them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/upgrade/account.h"
#include "control/upgrade/channel.h"
#include "control/upgrade/oldest.h"

namespace switchyard::control::upgrade {

class Predecessors {
  public:
    // Each holds its connections' memory, and the workers of each go by every change.
    static constexpr std::size_t kMost = 2;

    // A question that was not answered by then – one of its threads is stuck – is asked again.
    static constexpr std::chrono::seconds kAskAgain{2};

    // An answer to ask_oldest() comes in this time, or none does.
    static constexpr std::chrono::seconds kSayAges{1};

    // Both outlive it.
    Predecessors(boost::asio::any_io_executor executor, Account& account, Takeover& takeover);

    // From oldest to newest. `about`: pid, version, since; `counts`: it tells what it counts when it is asked;
    // `adopted`: what it goes by, as far as is known.
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
    // What the oldest has in flight, as it says itself. None: it does not say, or there is none any more.
    using Told = std::function<void(std::optional<Ages>)>;
    void ask_oldest(Told then);
    void cut_oldest();
    // Those that have not ended though their time is over: what they were told may not have come through.
    void kill_those_left();
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
        std::uint64_t adopted = 0;   // what it goes by, as far as it has said
        std::vector<Message> early;  // counts that came before it was counted in
        bool paused = false;
        std::chrono::steady_clock::time_point asked{};  // and not answered yet; zero: it has
        std::optional<std::uint64_t> requests, tunnels, connections;
        bool counts() const { return about.value("counts", false); }
        explicit One(switchyard::net::Descriptor fd) : line(std::move(fd)) {}
    };
    void look_whether_all_answered();
    void listen_to(One& one);
    void heard(One& one, Message message);
    void count(One& one, const Message& message);
    void join(One& one);
    void tell_ages(const std::optional<Ages>& ages);
    void ended(One& one);

    const boost::asio::any_io_executor executor_;
    Account& account_;
    Takeover& takeover_;
    std::function<void()> when_all_;
    std::vector<Told> ages_wanted_;
    boost::asio::steady_timer ages_by_;
    std::vector<std::unique_ptr<One>> all_;
    std::vector<std::unique_ptr<One>> gone_;  // one may be what calls
};

}  // namespace switchyard::control::upgrade
