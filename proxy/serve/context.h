// What the sessions of one worker live in: its loop, buffers, clock, routing pointer and counters.
//
// Threads: one worker; nothing in here is ever touched by another thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/metrics.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/net/poller.h"
#include "proxy/net/wheel.h"
#include "proxy/serve/access_line.h"
#include "proxy/serve/access_log_ring.h"
#include "proxy/serve/handshakes.h"
#include "proxy/serve/listener_place.h"
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
        bool cut = false;  // the drain's deadline is over: whatever is left ends
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

class Context : public upstream::EndpointTable {
  public:
    explicit Context(unsigned worker, std::uint64_t seed)
        : worker_number(worker), random(seed), wheel(std::make_unique<net::Wheel>()) {}

    // On the worker's thread, before anything else is done there.
    void enter_thread() const;

    const unsigned worker_number;
    net::Poller poller;
    net::BufferPool buffers;
    upstream::Random random;
    std::unique_ptr<net::Wheel> wheel;
    std::int64_t now_us = 0;  // steady clock, once per turn
    std::int64_t now_ms = 0;
    std::int64_t wall_seconds = 0;
    std::int64_t wall_ahead_us = 0;  // add it to now_us for the time since 1970
    char date_line[40] = "";         // "Date: …\r\n"
    std::size_t date_line_size = 0;
    std::string_view date() const { return {date_line, date_line_size}; }

    InForce* in_force = nullptr;
    ListenerPlaces listeners;             // of the same generation
    bool stopping = false;                // answer what comes, then close
    AccessLogRing* access_log = nullptr;  // null: no access log
    LineClock line_clock;

    std::uint64_t active_exchanges = 0;
    std::uint64_t active_retries = 0;
    std::uint64_t waiting = 0;  // exchanges in the queues of this worker
    Tunnels tunnels;
    AllUnderWay under_way;
    bool ages_wanted = false;  // by the last report
    Handshakes handshakes;
    std::uint64_t client_connections = 0;
    std::uint64_t http2_exchanges = 0;    // of active_exchanges, those that share a connection
    std::uint64_t http2_busy = 0;         // connections that have any
    std::uint64_t http2_undelivered = 0;  // octets of bodies that have come by them and were not taken
    WorkerReport counts;                  // the scalar deltas only

    // The last pin of a replaced generation went.
    std::function<void(InForce*)> retired;
    std::function<void(upstream::Suspect)> suspect;

    Cell& cell(std::uint32_t route, std::uint32_t upstream, std::uint64_t generation, bool keyless = false);
    // Moves everything counted since the last call into `report`.
    void take_cells(WorkerReport& report);
    // Last of all, so that it has what the ages have told.
    void take_marks(WorkerReport& report);
    upstream::EndpointLocal& local(const upstream::Endpoint& endpoint) override;
    // Lets go of connections that have waited for too long, and learns from the others.
    void tend_pools();
    void count_endpoint(upstream::EndpointLocal& local);
    void note_failure(std::uint32_t route, std::uint32_t endpoint, std::uint64_t generation);
    void note_mark(std::uint32_t route, std::uint32_t upstream, std::uint64_t generation, const MarkNote& note);
    // A first attempt that the sticky hash decided between two arms.
    void note_bucket(std::uint32_t route, std::uint64_t generation, bool failed, const FailedBuckets::Sample& sample);
    void tell(const Passage& passage) { passages_.push_back(passage); }

    // Of upstreams that no generation held until now nothing is known: their ids may have been another's.
    void keep_upstreams(const std::vector<bool>& held);
    upstream::Breaker& breaker(std::uint32_t upstream);
    upstream::WaitQueue& queue(std::uint32_t upstream);
    // Places may have been freed where this worker does not see it.
    void call_queues();

    void refresh_clock();

    std::vector<std::unique_ptr<upstream::EndpointLocal>> endpoints;  // by Registry id; holes are null

  private:
    // One whose cell is empty is free for another generation.
    struct Slot {
        std::uint32_t upstream;
        bool keyless;
        std::uint64_t generation;
        std::unique_ptr<Cell> cell;
    };
    std::vector<std::unique_ptr<upstream::Breaker>> breakers_;  // by upstream id; made at first use
    std::vector<std::unique_ptr<upstream::WaitQueue>> queues_;
    std::vector<std::vector<Slot>> cells_;  // by route id
    // Once a report for each that is counted in: what it costs – a cell is cleared as a whole – is no request's.
    [[gnu::noinline]] Cell& begin_cell(std::uint32_t route, Slot begun);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> dirty_;
    std::vector<upstream::EndpointLocal*> counted_;
    std::vector<FailedBuckets> failed_buckets_;
    std::vector<EndpointFailures> endpoint_failures_;
    // One that is empty is free for another generation.
    struct Noted {
        std::uint32_t route, upstream;
        std::uint64_t generation;
        std::unique_ptr<MarkNotes> marks;  // kept from report to report
    };
    std::vector<Noted> noted_;       // those that a rollout ever asked about
    std::vector<Passage> passages_;  // of those that have ended
};

}  // namespace switchyard::serve
