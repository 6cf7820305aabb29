#include "proxy/worker.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <csignal>
#include <random>
#include <string>
#include <utility>

#include "proxy/base/guarded.h"

namespace switchyard {
namespace {

namespace asio = boost::asio;

// Turns of the poller before the io_context gets its look at posts and timers.
constexpr int kTurnsInARow = 32;
constexpr std::int64_t kLongestRowUs = 5'000;  // a generation waits no longer for a busy worker to look up

std::uint64_t seed() {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
}

}  // namespace

Worker::Worker(unsigned number, asio::any_io_executor control, const WorkerPool::Events& events)
    : number_(number),
      name_("worker-" + std::to_string(number)),
      control_(std::move(control)),
      events_(events),
      io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      core_(number, seed(), messages()),
      poller_watch_(io_),
      ticker_(io_) {
    core_.context().refresh_clock();
    core_.context().wheel->start(core_.context().now_ms);
}

Worker::~Worker() {
    stop();
}

// Posted to control and never awaited.
WorkerCore::Events Worker::messages() {
    WorkerCore::Events out;
    out.adopted = [this](std::uint64_t generation, std::vector<InFlight> older) {
        asio::post(control_, [this, generation, older = std::move(older)]() mutable {
            events_.adopted(number_, generation, std::move(older));
        });
    };
    out.retired = [this](std::shared_ptr<const Snapshot> snapshot, bool last) {
        asio::post(control_, [this, last, snapshot = std::move(snapshot)]() mutable {
            const std::uint64_t generation = snapshot->generation;
            snapshot.reset();
            events_.retired(number_, generation, last);
        });
    };
    out.suspect = [this](upstream::Suspect suspect) {
        asio::post(control_, [this, suspect] { events_.suspect(suspect); });
    };
    return out;
}

void Worker::start() {
    // Signals belong to the main thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    thread_ = std::thread([this] {
        core_.context().enter_thread();
        pthread_setname_np(pthread_self(), name_.c_str());
        poller_watch_.assign(core_.context().poller.descriptor());
        watch_poller();
        arm_tick();
        while (!guard([this] { io_.run(); })) {
        }
        core_.clear();  // what lives on this thread dies on it
        poller_watch_.release();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Worker::adopt(std::shared_ptr<const Snapshot> snapshot) {
    asio::post(io_, [this, snapshot = std::move(snapshot)]() mutable {
        core_.adopt(std::move(snapshot));
        turns();
    });
}

void Worker::reach(std::function<void()> there) {
    asio::post(io_, [this, there = std::move(there)]() mutable { asio::post(control_, std::move(there)); });
}

void Worker::collect(bool ages, std::function<void(WorkerReport)> each) {
    asio::post(io_, [this, ages, each = std::move(each)]() mutable {
        if (ages) core_.context().refresh_clock();
        asio::post(control_, [each = std::move(each), out = std::make_shared<WorkerReport>(core_.report(ages))] {
            each(std::move(*out));
        });
    });
}

void Worker::oldest(std::uint64_t before_generation, std::shared_ptr<const std::set<std::uint32_t>> upstreams,
                    std::size_t most, WorkerPool::Oldest done) {
    asio::post(
        io_, [this, before_generation, upstreams = std::move(upstreams), most, done = std::move(done)]() mutable {
            auto told = std::make_shared<std::vector<HeldExchange>>(core_.oldest(before_generation, *upstreams, most));
            asio::post(control_, [done = std::move(done), told] { done(std::move(*told)); });
        });
}

void Worker::ages(std::function<void(HeldAges)> done) {
    asio::post(io_, [this, done = std::move(done)]() mutable {
        asio::post(control_, [done = std::move(done), told = core_.ages()] { done(told); });
    });
}

void Worker::recent(std::function<void(std::vector<RecentRequest>)> done) {
    asio::post(io_, [this, done = std::move(done)]() mutable {
        auto told = std::make_shared<std::vector<RecentRequest>>(core_.recent());
        asio::post(control_, [done = std::move(done), told] { done(std::move(*told)); });
    });
}

void Worker::cut(std::uint64_t before_generation, std::shared_ptr<const std::set<std::uint32_t>> upstreams) {
    asio::post(io_, [this, before_generation, upstreams = std::move(upstreams)] {
        core_.cut(before_generation, *upstreams);
        turns();
    });
}

void Worker::park(bool parked) {
    asio::post(io_, [this, parked] {
        core_.park(parked);
        turns();
    });
}

void Worker::drain(std::chrono::milliseconds grace, bool alone, std::function<void()> done) {
    asio::post(io_, [this, grace, alone, done = std::move(done)]() mutable {
        core_.context().refresh_clock();
        core_.begin_drain(grace.count(), alone);
        drained_ = std::move(done);
        turns();
    });
}

void Worker::stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
}

template <class Work>
bool Worker::guard(Work work) {
    return guarded(name_.c_str(), core_.context().counts.escaped, work);
}

void Worker::watch_poller() {
    poller_watch_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
        if (error) return;
        guard([this] { turns(); });
        watch_poller();
    });
}

void Worker::turns() {
    serve::WorkerContext& context = core_.context();
    std::int64_t began_us = 0;
    for (int i = 0; i < kTurnsInARow; ++i) {
        context.refresh_clock();
        if (i == 0)
            began_us = context.now_us;
        else if (context.now_us - began_us > kLongestRowUs)
            break;
        if (!core_.turn()) break;
    }
    if (core_.has_more()) asio::post(io_, [this] { turns(); });
    if (drained_ && core_.empty()) look_whether_drained();
}

void Worker::arm_tick() {
    ticker_.expires_after(std::chrono::milliseconds(net::Wheel::kTick));
    ticker_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        guard([this] { tick(); });
        arm_tick();
    });
}

// Looks at every session where a drain is under way: once a tick is enough.
void Worker::tick() {
    core_.context().refresh_clock();
    core_.tick();
    turns();
    look_whether_drained();
}

void Worker::look_whether_drained() {
    if (!drained_ || !core_.is_drained()) return;
    asio::post(control_, std::exchange(drained_, nullptr));
}

}  // namespace switchyard
