// What one core does, without the thread and the loop that turn it (worker.h): it accepts, serves, holds generations,
// and lets go of what is over.
//
// Invariants: from adopt() on nothing is routed by an older generation; a generation is held as long as something is
//   pinned to it; what escapes from a piece of work leaves the core fit for the next one.
// Threads: one, whichever turns it; it has no clock but WorkerContext's, which that one sets.
// Owns: listeners' acceptors, sessions, connections, generations. Events are called from within, and must not call
// back.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "proxy/base/held_exchange.h"
#include "proxy/base/recent_request.h"
#include "proxy/serve/acceptor.h"
#include "proxy/serve/session.h"
#include "proxy/serve/worker_context.h"

namespace switchyard {

class WorkerCore {
  public:
    using Upstreams = std::set<std::uint32_t>;  // Registry ids

    struct Events {
        // `older`: what is still in flight by earlier generations, counted at this moment.
        std::function<void(std::uint64_t generation, std::vector<InFlight> older)> adopted;
        // Nothing is pinned to it any more, and it is in force no more; `last`: no other snapshot of its generation is
        // held. It may be large: to be taken apart elsewhere.
        std::function<void(std::shared_ptr<const Snapshot> snapshot, bool last)> retired;
        std::function<void(upstream::Suspect)> suspect;
    };

    WorkerCore(unsigned number, std::uint64_t seed, Events events);
    ~WorkerCore() { clear(); }
    WorkerCore(const WorkerCore&) = delete;
    WorkerCore& operator=(const WorkerCore&) = delete;

    serve::WorkerContext& context() { return context_; }

    // Routes by it from now on, unless a newer one is in force.
    void adopt(std::shared_ptr<const Snapshot> snapshot);
    // What older generations have in flight to these upstreams ends.
    void cut(std::uint64_t before_generation, const Upstreams& upstreams);
    // Of that the oldest.
    std::vector<HeldExchange> oldest(std::uint64_t before_generation, const Upstreams& upstreams, std::size_t most);
    // Of all that is in flight.
    HeldAges ages() const;
    std::vector<RecentRequest> recent() const { return context_.recent.newest_first(); }
    // What was counted since the last call.
    WorkerReport report(bool ages);
    // Takes a client's connection over.
    void serve(std::unique_ptr<serve::Session> session, net::Descriptor fd);

    // One turn of the poller. False: nothing is left to do now.
    bool turn() {
        context_.handshakes.begin_turn();
        return context_.poller.turn() > 0 || has_more();
    }
    // Something waits for its turn.
    bool has_more() const { return context_.poller.has_queued() || context_.handshakes.line_waits(); }
    // Once every Wheel::kTick.
    void tick();

    // Accepts no client, and leaves the sockets open for another process; or accepts again.
    void park(bool parked);
    // Accepts no more and answers what is in flight, for so long. `alone`: no other process lets go what is held.
    void begin_drain(std::int64_t grace_ms, bool alone = true);
    // Whether that is over: everything has ended, or the time has. Lets go of idle clients meanwhile.
    bool is_drained();

    // Ends everything at once.
    void clear();

    bool empty() const { return sessions_.empty(); }           // no client is left
    std::size_t sessions() const { return sessions_.size(); }  // looks at each
    std::size_t generations() const { return held_.size(); }

  private:
    using Sessions = boost::intrusive::list<serve::Session, boost::intrusive::constant_time_size<false>>;

    void follow_listeners(const Snapshot& snapshot);
    void listen(std::size_t listener);
    void forget_upstreams(const serve::InForce* now);
    void forget_endpoints(const Snapshot& snapshot);
    void retire(serve::InForce* held);
    void sweep();
    std::vector<InFlight> in_flight(const serve::InForce* except);
    void count_streams();

    const unsigned number_;
    const Events events_;
    serve::WorkerContext context_;
    std::vector<std::unique_ptr<serve::InForce>> held_;  // generations with pins, and the one in force
    std::vector<std::unique_ptr<serve::Acceptor>> acceptors_;
    Sessions sessions_;
    std::vector<InFlight> streams_;  // what has lasted, when it was last counted
    std::int64_t next_count_ms_ = 0;
    bool parked_ = false;
    std::int64_t next_sweep_ms_ = 0;
    std::int64_t drain_idle_ms_ = 0, drain_idle_grace_ms_ = 0, drain_deadline_ms_ = 0, held_deadline_ms_ = 0;
};

}  // namespace switchyard
