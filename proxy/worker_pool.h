// N workers that share nothing: publish a snapshot to all, hear when each has adopted it and when each has let the
// old one go, collect what they counted.
//
// The promise of a switch rests on this: `adopted(w, g)` is posted by worker w after its routing pointer was set to
// generation g, on the thread that routes. When every worker has said so, no exchange can start on anything older.
// Threads: constructed and called on the control thread only; the callbacks run on the control executor. Workers are
//   threads of this pool. Nothing here waits but stop().
// Owns: the worker threads; snapshots are shared and die with their last pin.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "proxy/base/held_exchange.h"
#include "proxy/base/metrics.h"
#include "proxy/base/recent_request.h"
#include "proxy/upstream/endpoint_state.h"

namespace switchyard {

struct Snapshot;
class Worker;

class WorkerPool {
  public:
    struct Events {
        // `older`: what this worker still has in flight by earlier generations, counted at the moment of adoption.
        std::function<void(unsigned worker, std::uint64_t generation, std::vector<InFlight> older)> adopted;
        // This worker gave a snapshot of `generation` back; `last`: it holds none of that generation any more.
        std::function<void(unsigned worker, std::uint64_t generation, bool last)> retired;
        std::function<void(upstream::Suspect)> suspect;
    };

    WorkerPool(unsigned workers, boost::asio::any_io_executor control, Events events);
    ~WorkerPool();  // stops at once

    unsigned size() const;
    // Writes one line per exchange to `path` ("-": standard output) from start() on. False and `why` set when it
    // cannot be opened. Before start().
    bool open_access_log(const std::string& path, std::string* why);
    // Opens that path again, after the file was moved away.
    void reopen_access_log();
    void start(std::shared_ptr<const Snapshot> first);  // `adopted` is called for it too
    void publish(std::shared_ptr<const Snapshot> next);

    // Ends what generations before this one have in flight to these upstreams (Registry ids): tunnels are closed,
    // responses under way are reset, what has no answer yet is sent again where that is safe and answered 503 where
    // not.
    void cut(std::uint64_t before_generation, const std::set<std::uint32_t>& upstreams);

    // Of what generations before this one have in flight to these upstreams the oldest, so many of each worker that
    // answers; `each` runs once per worker, on the control executor.
    using Oldest = std::function<void(std::vector<HeldExchange>)>;
    void oldest(std::uint64_t before_generation, const std::set<std::uint32_t>& upstreams, std::size_t most,
                const Oldest& each);

    // How long what is in flight has been; `each` as above.
    void ages(const std::function<void(HeldAges)>& each);
    // What was served lately, of each worker the newest first; `each` as above.
    void recent(const std::function<void(std::vector<RecentRequest>)>& each);

    // Asks every worker for its report; `each` runs once per worker that answers. A worker that is stopped in a
    // debugger does not answer, and is not waited for.
    // `ages`: with how long first attempts have been under way, of those that are sent from then on.
    void collect(bool ages, std::function<void(WorkerReport)> each);
    // `everywhere` is called when every worker has adopted what was published before this call.
    void reach(std::function<void()> everywhere);

    // Another process takes new connections from the same sockets: they stay open here, and none is accepted from.
    void park();
    // … until that one is gone.
    void unpark();
    // Graceful end: stop accepting, answer what is in flight with Connection: close, then `done`; whatever is left
    // at the deadline is cut. `alone`: no other process lets go what is held.
    void drain(std::chrono::milliseconds grace, bool alone, std::function<void()> done);
    // Joins the threads. Call after drain's `done`, or to cut everything.
    void stop();

  private:
    struct Members;
    std::unique_ptr<Members> members_;
};

}  // namespace switchyard
