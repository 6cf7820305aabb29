// One core: one thread, one io_context, its listeners, sessions, pools, and the snapshot it routes by.
//
// Threads: constructed and posted to by control; everything marked (worker) runs on its own thread only.
// Owns: its sessions and connections. Shares with others only what architecture.md lists.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "proxy/serve/acceptor.h"
#include "proxy/serve/context.h"
#include "proxy/serve/session.h"
#include "proxy/worker_pool.h"

namespace switchyard {

class Worker {
  public:
    // `events` run on `control`.
    Worker(unsigned number, boost::asio::any_io_executor control, const WorkerPool::Events& events);
    ~Worker();

    // Before start().
    void log_to(serve::AccessLogRing* ring) { context_.access_log = ring; }
    void start();
    void adopt(std::shared_ptr<const Snapshot> snapshot);
    void cut(std::uint64_t before_generation, std::shared_ptr<const std::set<std::uint32_t>> upstreams);
    void oldest(std::uint64_t before_generation, std::shared_ptr<const std::set<std::uint32_t>> upstreams,
                std::size_t most, WorkerPool::Oldest done);
    void collect(bool ages, std::function<void(WorkerReport)> each);
    // `there` is called on control's thread when all that was asked of this worker before has been done.
    void reach(std::function<void()> there);
    void drain(std::chrono::milliseconds grace, std::function<void()> done);
    void stop();

  private:
    using Sessions = boost::intrusive::list<serve::Session, boost::intrusive::constant_time_size<false>>;

    // (worker)
    void do_adopt(std::shared_ptr<const Snapshot> snapshot);
    void follow_listeners(const Snapshot& snapshot);
    void forget_upstreams(const serve::InForce* now);
    void forget_endpoints(const Snapshot& snapshot);
    WorkerReport report();
    void retire(serve::InForce* held);
    std::vector<InFlight> in_flight(const serve::InForce* except) const;
    template <class Work>
    bool guard(Work work);
    void watch_poller();
    void turns();
    void tick();
    void arm_tick();
    void drain_progress();

    const unsigned number_;
    const std::string name_;  // of the thread
    boost::asio::any_io_executor control_;
    const WorkerPool::Events& events_;
    boost::asio::io_context io_;
    serve::Context context_;
    boost::asio::posix::stream_descriptor poller_watch_;
    boost::asio::steady_timer ticker_;
    std::vector<std::unique_ptr<serve::InForce>> held_;  // generations with pins, and the one in force
    std::vector<std::unique_ptr<serve::Acceptor>> acceptors_;
    Sessions sessions_;
    std::int64_t next_sweep_ms_ = 0;
    std::int64_t drain_idle_ms_ = 0, drain_idle_grace_ms_ = 0, drain_deadline_ms_ = 0;
    std::function<void()> drained_;
    std::thread thread_;
};

}  // namespace switchyard
