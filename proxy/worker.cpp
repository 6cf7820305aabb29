#include "proxy/worker.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <random>
#include <string>
#include <tuple>

#include "proxy/base/guarded.h"
#include "proxy/serve/account.h"
#include "proxy/serve/exchange.h"

namespace switchyard {
namespace {

namespace asio = boost::asio;

// Turns of the poller before the io_context gets its look at posts and timers.
constexpr int kTurnsInARow = 32;
constexpr std::int64_t kLongestRowUs = 5'000;  // a generation waits no longer for a busy worker to look up
constexpr std::int64_t kSweepMs = 1000;
// At the end of the worker or of its listener, an idle client gets this long to send one more request, which is
// answered with Connection: close.
constexpr std::int64_t kIdleGraceMs = 1000;
// Tunnels end within this part of the grace, so that their ends are through before whatever is left is cut.
constexpr std::int64_t kTunnelGracePercent = 80;

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
      context_(number, seed()),
      poller_watch_(io_),
      ticker_(io_) {
    context_.retired = [this](serve::InForce* held) { retire(held); };
    context_.suspect = [this](upstream::Suspect suspect) {
        asio::post(control_, [this, suspect] { events_.suspect(suspect); });
    };
    context_.refresh_clock();
    context_.wheel->start(context_.now_ms);
}

Worker::~Worker() {
    stop();
}

void Worker::start() {
    // Signals belong to the main thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    thread_ = std::thread([this] {
        context_.enter_thread();
        pthread_setname_np(pthread_self(), name_.c_str());
        poller_watch_.assign(context_.poller.descriptor());
        watch_poller();
        arm_tick();
        while (!guard([this] { io_.run(); })) {
        }
        // What lives on this thread dies on it.
        acceptors_.clear();
        sessions_.clear_and_dispose([](serve::Session* session) { delete session; });
        context_.endpoints.clear();
        held_.clear();
        context_.in_force = nullptr;
        poller_watch_.release();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Worker::adopt(std::shared_ptr<const Snapshot> snapshot) {
    asio::post(io_, [this, snapshot = std::move(snapshot)]() mutable { do_adopt(std::move(snapshot)); });
}

void Worker::reach(std::function<void()> there) {
    asio::post(io_, [this, there = std::move(there)]() mutable { asio::post(control_, std::move(there)); });
}

void Worker::collect(bool ages, std::function<void(WorkerReport)> each) {
    asio::post(io_, [this, ages, each = std::move(each)]() mutable {
        context_.ages_wanted = ages;
        asio::post(control_,
                   [each = std::move(each), out = std::make_shared<WorkerReport>(report())] { each(std::move(*out)); });
    });
}

void Worker::oldest(std::uint64_t before_generation, std::shared_ptr<const std::set<std::uint32_t>> upstreams,
                    std::size_t most, WorkerPool::Oldest done) {
    asio::post(io_,
               [this, before_generation, upstreams = std::move(upstreams), most, done = std::move(done)]() mutable {
                   std::vector<const serve::Exchange*> found;
                   for (const auto& session : sessions_)
                       if (session.exchange != nullptr && session.exchange->held_before(before_generation, *upstreams))
                           found.push_back(session.exchange);
                   const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(most, found.size()));
                   std::ranges::partial_sort(found, end, {}, &serve::Exchange::started_us);
                   auto told = std::make_shared<std::vector<HeldExchange>>();
                   for (auto it = found.begin(); it != end; ++it) told->push_back((*it)->held());
                   asio::post(control_, [done = std::move(done), told] { done(std::move(*told)); });
               });
}

void Worker::cut(std::uint64_t before_generation, std::shared_ptr<const std::set<std::uint32_t>> upstreams) {
    asio::post(io_, [this, before_generation, upstreams = std::move(upstreams)] {
        for (const auto& held : held_) {
            if (held->snapshot->generation >= before_generation) continue;
            for (std::size_t i = 0; i < held->sent.size(); ++i)
                if (upstreams->count(held->snapshot->upstreams[i]->id) != 0) held->sent[i].cut = true;
        }
        // Each looks for itself whether it is meant: cuts are rare, and a session need not know its exchange for them.
        for (auto& session : sessions_)
            if (!session.idle()) session.wake();
        turns();
    });
}

void Worker::drain(std::chrono::milliseconds grace, std::function<void()> done) {
    asio::post(io_, [this, grace, done = std::move(done)]() mutable {
        context_.refresh_clock();
        context_.stopping = true;
        for (auto& acceptor : acceptors_) acceptor->close_after_queue();
        acceptors_.clear();
        drain_idle_grace_ms_ = std::min(kIdleGraceMs, static_cast<std::int64_t>(grace.count()) / 2);
        drain_idle_ms_ = context_.now_ms + drain_idle_grace_ms_;
        drain_deadline_ms_ = context_.now_ms + grace.count();
        context_.tunnels.end_within(grace.count() * kTunnelGracePercent / 100, context_.now_ms, context_.random);
        drained_ = std::move(done);
        turns();
    });
}

void Worker::stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
}

void Worker::do_adopt(std::shared_ptr<const Snapshot> snapshot) {
    serve::InForce* before = context_.in_force;
    const auto order = [](const Snapshot& s) { return std::tuple(s.generation, s.facts, s.led); };
    if (before != nullptr && order(*before->snapshot) >= order(*snapshot)) return;
    held_.push_back(std::make_unique<serve::InForce>(std::move(snapshot)));
    serve::InForce* now = held_.back().get();
    // From here on this thread routes by the new generation.
    context_.in_force = now;
    const std::uint64_t generation = now->snapshot->generation;
    asio::post(control_, [this, generation, older = in_flight(now)]() mutable {
        events_.adopted(number_, generation, std::move(older));
    });
    follow_listeners(*now->snapshot);
    if (before != nullptr) {
        before->replaced = true;
        if (before->pins == 0) retire(before);
    }
    forget_upstreams(now);
    forget_endpoints(*now->snapshot);
    context_.tunnels.follow(*now->snapshot, context_.now_ms, context_.random);
    if (context_.waiting != 0) context_.call_queues();
    turns();
}

void Worker::follow_listeners(const Snapshot& snapshot) {
    const auto listens = [&](const std::unique_ptr<serve::Acceptor>& acceptor) {
        return std::any_of(snapshot.listeners.begin(), snapshot.listeners.end(),
                           [&](const auto& plan) { return plan->sockets.get() == acceptor->sockets(); });
    };
    // Whoever waits in the queue of one that goes is a client of it still.
    std::erase_if(acceptors_, [&](const auto& acceptor) {
        if (listens(acceptor)) return false;
        acceptor->close_after_queue();
        return true;
    });
    if (context_.listeners.follow(snapshot))
        for (auto& session : sessions_)
            if (session.idle()) session.wake();
    if (context_.stopping) return;
    for (std::size_t i = 0; i < snapshot.listeners.size(); ++i) {
        const auto* sockets = snapshot.listeners[i]->sockets.get();
        if (std::any_of(acceptors_.begin(), acceptors_.end(), [&](const auto& a) { return a->sockets() == sockets; }))
            continue;
        acceptors_.push_back(std::make_unique<serve::Acceptor>(
            context_, context_.listeners.at(i), [this](std::unique_ptr<serve::Session> session, net::Descriptor fd) {
                sessions_.push_back(*session);
                if (session->start(std::move(fd))) session.release();
            }));
    }
}

// Before anybody is routed by `now`. What waits in a queue, or has its outcome to tell a breaker, is pinned to a
// generation that is held.
void Worker::forget_upstreams(const serve::InForce* now) {
    std::vector<bool> held_before;
    for (const auto& held : held_) {
        if (held.get() == now) continue;
        for (const auto& upstream : held->snapshot->upstreams) {
            if (upstream->id >= held_before.size()) held_before.resize(upstream->id + 1);
            held_before[upstream->id] = true;
        }
    }
    context_.keep_upstreams(held_before);
}

// Connections to endpoints that are configured no more are of no use; their state goes with the last lease.
void Worker::forget_endpoints(const Snapshot& snapshot) {
    std::vector<bool> known(context_.endpoints.size());
    for (const auto& upstream : snapshot.upstreams)
        for (const auto& endpoint : upstream->endpoints)
            if (endpoint.state->id < known.size()) {
                known[endpoint.state->id] = true;
                if (const auto& local = context_.endpoints[endpoint.state->id])
                    local->pool.keep_only(upstream->tls.get());
            }
    for (std::size_t id = 0; id < known.size(); ++id) {
        auto& local = context_.endpoints[id];
        if (!local) continue;
        if (known[id]) {
            local->pool.retire(false);
            continue;
        }
        local->pool.retire(true);
        if (local->pool.leased == 0 && !local->counted) local.reset();
    }
}

std::vector<InFlight> Worker::in_flight(const serve::InForce* except) const {
    std::vector<InFlight> out;
    for (const auto& held : held_) {
        if (held.get() == except) continue;
        for (std::size_t i = 0; i < held->sent.size(); ++i) {
            const auto& sent = held->sent[i];
            if (sent.requests + sent.tunnels > 0)
                out.push_back(
                    {held->snapshot->generation, held->snapshot->upstreams[i]->id, sent.requests, sent.tunnels});
        }
    }
    return out;
}

void Worker::retire(serve::InForce* held) {
    const auto it = std::find_if(held_.begin(), held_.end(), [held](const auto& h) { return h.get() == held; });
    // The snapshot may be large: it is taken apart on control's thread, not here.
    auto snapshot = std::move((*it)->snapshot);
    held_.erase(it);
    const std::uint64_t generation = snapshot->generation;
    // A generation is held as often as its addresses have changed; it is retired with the last of them.
    const bool last =
        std::none_of(held_.begin(), held_.end(), [&](const auto& h) { return h->snapshot->generation == generation; });
    asio::post(control_, [this, generation, last, snapshot = std::move(snapshot)]() mutable {
        snapshot.reset();
        events_.retired(number_, generation, last);
    });
}

WorkerReport Worker::report() {
    WorkerReport out = std::exchange(context_.counts, {});
    out.worker = number_;
    context_.take_cells(out);
    out.in_flight = in_flight(nullptr);
    out.ages = context_.ages_wanted;
    if (out.ages) {
        context_.refresh_clock();
        serve::Account::tell_ages(context_, out);
    }
    context_.take_marks(out);
    out.client_connections = context_.client_connections;
    out.client_connections_idle =
        context_.client_connections - std::min(context_.client_connections, context_.active_exchanges);
    for (const auto& local : context_.endpoints) {
        if (!local) continue;
        out.upstream_connections_idle += local->pool.idle();
        out.upstream_connections += local->pool.idle() + local->pool.leased;
    }
    return out;
}

template <class Work>
bool Worker::guard(Work work) {
    return guarded(name_.c_str(), context_.counts.escaped, work);
}

void Worker::watch_poller() {
    poller_watch_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
        if (error) return;
        guard([this] { turns(); });
        watch_poller();
    });
}

void Worker::turns() {
    std::int64_t began_us = 0;
    for (int i = 0; i < kTurnsInARow; ++i) {
        context_.refresh_clock();
        if (i == 0)
            began_us = context_.now_us;
        else if (context_.now_us - began_us > kLongestRowUs)
            break;
        if (context_.poller.turn() == 0 && !context_.poller.has_queued()) break;
    }
    if (context_.poller.has_queued()) asio::post(io_, [this] { turns(); });
    if (drained_ && sessions_.empty()) drain_progress();
}

void Worker::arm_tick() {
    ticker_.expires_after(std::chrono::milliseconds(net::Wheel::kTick));
    ticker_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        guard([this] { tick(); });
        arm_tick();
    });
}

void Worker::tick() {
    context_.refresh_clock();
    context_.wheel->advance(context_.now_ms, [](net::Timer& timer) {
        auto& alarm = static_cast<serve::Alarm&>(timer);
        alarm.expired = true;
        alarm.waiter->wake();
    });
    if (context_.waiting != 0) context_.call_queues();
    if (context_.now_ms >= next_sweep_ms_) {
        next_sweep_ms_ = context_.now_ms + kSweepMs;
        context_.tend_pools();
        if (context_.listeners.any_gone())
            for (auto& session : sessions_)
                if (session.place().gone() && session.idle_for(kIdleGraceMs)) session.finish();
    }
    turns();
    drain_progress();
}

// Once a tick: it looks at every session.
void Worker::drain_progress() {
    if (!drained_) return;
    if (context_.now_ms >= drain_idle_ms_)
        for (auto& session : sessions_)
            if (session.idle_for(drain_idle_grace_ms_)) session.finish();
    if (!sessions_.empty() && context_.now_ms < drain_deadline_ms_) return;
    asio::post(control_, std::exchange(drained_, nullptr));
}

}  // namespace switchyard
