// What the sessions of one worker live in: its poller, buffers, clock, routing pointer, and what it counts.
//
// Threads: one worker; nothing in here is ever touched by another thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/net/buffer_pool.h"
#include "proxy/net/poller.h"
#include "proxy/net/wheel.h"
#include "proxy/serve/access_line.h"
#include "proxy/serve/access_log_ring.h"
#include "proxy/serve/clock.h"
#include "proxy/serve/handshakes.h"
#include "proxy/serve/http2_load.h"
#include "proxy/serve/listener_place.h"
#include "proxy/serve/recent_requests.h"
#include "proxy/serve/supplies.h"
#include "proxy/serve/tally.h"
#include "proxy/serve/tunnels.h"
#include "proxy/serve/under_way.h"
#include "proxy/snapshot/snapshot.h"
#include "proxy/upstream/balancer.h"
#include "proxy/upstream/breaker.h"
#include "proxy/upstream/wait_queue.h"

namespace switchyard::serve {

struct Record;

// A generation as this worker holds it: the snapshot and who is pinned to it. `pins` counts exchanges.
struct InForce {
    explicit InForce(std::shared_ptr<const Snapshot> s)
        : snapshot(std::move(s)), generation(snapshot->generation), sent(snapshot->upstreams.size()) {}

    struct Sent {
        std::uint64_t requests = 0;
        std::uint64_t tunnels = 0;
        bool cut = false;  // the drain's deadline is over: what is left ends
    };
    std::shared_ptr<const Snapshot> snapshot;
    const std::uint64_t generation;
    std::uint64_t pins = 0;
    std::vector<Sent> sent;  // in flight, by Snapshot::upstreams index
    bool replaced = false;   // a newer generation was adopted
};

// A deadline that wakes a waiter.
struct Alarm : net::Timer {
    net::Waiter* waiter = nullptr;
    bool expired = false;
};

class WorkerContext : public upstream::EndpointTable, public Clock, public Tally, public Supplies {
  public:
    explicit WorkerContext(unsigned worker, std::uint64_t seed)
        : worker_number(worker), random(seed), wheel(std::make_unique<net::Wheel>()) {}

    // On the worker's thread, before anything else is done there.
    void enter_thread() const;

    const unsigned worker_number;
    net::Poller poller;
    net::BufferPool buffers;
    upstream::Random random;
    std::unique_ptr<net::Wheel> wheel;

    InForce* in_force = nullptr;
    ListenerPlaces listeners;             // of the same generation
    bool stopping = false;                // answer what comes, then close
    AccessLogRing* access_log = nullptr;  // null: no access log
    LineClock line_clock;
    RecentRequests recent;

    Tunnels tunnels;
    AllUnderWay under_way;
    Handshakes handshakes;
    Http2Load http2;

    // The last pin of a replaced generation went.
    std::function<void(InForce*)> retired;
    std::function<void(upstream::Suspect)> suspect;

    upstream::EndpointLocal& local(const upstream::Endpoint& endpoint) override;
    // Lets go of connections that have waited for too long, and learns from the others.
    void tend_pools();

    // Of upstreams that no generation held until now nothing is known: their ids may have been another's.
    void keep_upstreams(const std::vector<bool>& held);
    upstream::Breaker& breaker(const upstream::Upstream& upstream);
    upstream::WaitQueue& queue(std::uint32_t upstream);
    // A place has been freed there; places may have been freed where this worker does not see it.
    void call_queue(std::uint32_t upstream) {
        if (upstream < queues_.size() && queues_[upstream]) queues_[upstream]->call();
    }
    void call_queues();

    std::vector<std::unique_ptr<upstream::EndpointLocal>> endpoints;  // by Registry id; holes are null

  private:
    std::vector<std::unique_ptr<upstream::Breaker>> breakers_;  // by upstream id; made at first use
    std::vector<std::unique_ptr<upstream::WaitQueue>> queues_;
};

}  // namespace switchyard::serve
