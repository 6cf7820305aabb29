// One core with its thread: the loop that turns a WorkerCore, its clock and its tick, and the messages between it and
// control.
//
// Threads: constructed and posted to by control; everything marked (worker) runs on its own thread only.
// Owns: the thread, the loop, the core. Shares with others only what architecture.md lists.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "proxy/worker_core.h"
#include "proxy/worker_pool.h"

namespace switchyard {

class Worker {
  public:
    // `events` run on `control`.
    Worker(unsigned number, boost::asio::any_io_executor control, const WorkerPool::Events& events);
    ~Worker();

    // Before start().
    void log_to(serve::AccessLogRing* ring) { core_.context().access_log = ring; }
    void start();
    void adopt(std::shared_ptr<const Snapshot> snapshot);
    void cut(std::uint64_t before_generation, std::shared_ptr<const std::set<std::uint32_t>> upstreams);
    void oldest(std::uint64_t before_generation, std::shared_ptr<const std::set<std::uint32_t>> upstreams,
                std::size_t most, WorkerPool::Oldest done);
    void ages(std::function<void(HeldAges)> done);
    void recent(std::function<void(std::vector<RecentRequest>)> done);
    void collect(bool ages, std::function<void(WorkerReport)> each);
    // `there` is called on control's thread when all that was asked of this worker before has been done.
    void reach(std::function<void()> there);
    void park(bool parked);
    void drain(std::chrono::milliseconds grace, bool alone, std::function<void()> done);
    void stop();

  private:
    WorkerCore::Events messages();
    // (worker)
    template <class Work>
    bool guard(Work work);
    void watch_poller();
    void turns();
    void tick();
    void arm_tick();
    void look_whether_drained();

    const unsigned number_;
    const std::string name_;  // of the thread
    boost::asio::any_io_executor control_;
    const WorkerPool::Events& events_;
    boost::asio::io_context io_;
    WorkerCore core_;
    boost::asio::posix::stream_descriptor poller_watch_;
    boost::asio::steady_timer ticker_;
    std::function<void()> drained_;
    std::thread thread_;
};

}  // namespace switchyard
