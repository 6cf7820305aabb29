#include "proxy/worker_core.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "proxy/serve/account.h"
#include "proxy/serve/exchange.h"

namespace switchyard {
namespace {

constexpr std::int64_t kSweepMs = 1000;
// A stream is one after a minute (kStreamAgeUs): a second more or less is none, and reports come by the 20 ms while a
// drain is waited for.
constexpr std::int64_t kCountStreamsMs = 1000;
// At the end of the worker or of its listener, an idle client gets this long to send one more request, which is
// answered with Connection: close.
constexpr std::int64_t kIdleGraceMs = 1000;
// Tunnels end, and requests that are held are answered, within this part of the grace, so that their ends are through
// before whatever is left is cut.
constexpr std::int64_t kEndWithinPercent = 80;

}  // namespace

WorkerCore::WorkerCore(unsigned number, std::uint64_t seed, Events events)
    : number_(number), events_(std::move(events)), context_(number, seed) {
    context_.retired = [this](serve::InForce* held) { retire(held); };
    context_.suspect = [this](upstream::Suspect suspect) { events_.suspect(suspect); };
}

void WorkerCore::clear() {
    acceptors_.clear();
    sessions_.clear_and_dispose([](serve::Session* session) { delete session; });
    context_.endpoints.clear();
    held_.clear();
    context_.in_force = nullptr;
}

void WorkerCore::adopt(std::shared_ptr<const Snapshot> snapshot) {
    serve::InForce* before = context_.in_force;
    const auto order = [](const Snapshot& s) { return std::tuple(s.generation, s.facts, s.led); };
    if (before != nullptr && order(*before->snapshot) >= order(*snapshot)) return;
    held_.push_back(std::make_unique<serve::InForce>(std::move(snapshot)));
    serve::InForce* now = held_.back().get();
    // From here on nothing is routed by the old generation.
    context_.in_force = now;
    events_.adopted(now->snapshot->generation, in_flight(now));
    follow_listeners(*now->snapshot);
    if (before != nullptr) {
        before->replaced = true;
        if (before->pins == 0) retire(before);
    }
    forget_upstreams(now);
    forget_endpoints(*now->snapshot);
    context_.tunnels.follow(*now->snapshot, context_.now_ms, context_.random);
    if (context_.waiting != 0) context_.call_queues();
    context_.held_requests.call_all();
}

void WorkerCore::follow_listeners(const Snapshot& snapshot) {
    const auto listens = [&](const std::unique_ptr<serve::Acceptor>& acceptor) {
        return std::any_of(snapshot.listeners.begin(), snapshot.listeners.end(),
                           [&](const auto& plan) { return plan->sockets.get() == acceptor->sockets(); });
    };
    // A client that waits in the queue of one that goes is a client of it still.
    std::erase_if(acceptors_, [&](const auto& acceptor) {
        if (listens(acceptor)) return false;
        acceptor->close_after_queue();
        return true;
    });
    if (context_.listeners.follow(snapshot))
        for (auto& session : sessions_)
            if (session.idle()) session.wake();
    if (context_.stopping || parked_) return;
    for (std::size_t i = 0; i < snapshot.listeners.size(); ++i) {
        const auto* sockets = snapshot.listeners[i]->sockets.get();
        if (std::none_of(acceptors_.begin(), acceptors_.end(), [&](const auto& a) { return a->sockets() == sockets; }))
            listen(i);
    }
}

void WorkerCore::listen(std::size_t listener) {
    acceptors_.push_back(std::make_unique<serve::Acceptor>(
        context_, context_.listeners.at(listener), [this](std::unique_ptr<serve::Session> session, net::Descriptor fd) {
            serve(std::move(session), std::move(fd));
        }));
}

void WorkerCore::serve(std::unique_ptr<serve::Session> session, net::Descriptor fd) {
    sessions_.push_back(*session);
    if (session->start(std::move(fd))) session.release();
}

// Before anything is routed by `now`. What waits in a queue, or has its outcome to tell a breaker, is pinned to a
// generation that is held.
void WorkerCore::forget_upstreams(const serve::InForce* now) {
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
void WorkerCore::forget_endpoints(const Snapshot& snapshot) {
    std::vector<bool> known(context_.endpoints.size());
    for (const auto& upstream : snapshot.upstreams)
        for (const auto& endpoint : upstream->endpoints)
            if (endpoint.state->id < known.size()) {
                known[endpoint.state->id] = true;
                if (const auto& local = context_.endpoints[endpoint.state->id]) local->keep_only(*upstream);
            }
    for (std::size_t id = 0; id < known.size(); ++id) {
        auto& local = context_.endpoints[id];
        if (!local) continue;
        if (known[id]) {
            local->retire(false);
            continue;
        }
        local->retire(true);
        if (local->pool.leased == 0 && !local->counted) local.reset();
    }
}

// How many there are is exact in each report; which of them have lasted is looked up now and then, and only while
// something is drained: every session is looked at for that.
std::vector<InFlight> WorkerCore::in_flight(const serve::InForce* except) {
    std::vector<InFlight> out;
    for (const auto& held : held_) {
        if (held.get() == except) continue;
        for (std::size_t i = 0; i < held->sent.size(); ++i) {
            const auto& sent = held->sent[i];
            if (sent.requests + sent.tunnels > 0)
                out.push_back(
                    {held->snapshot->generation, held->snapshot->upstreams[i]->id, sent.requests, sent.tunnels, 0});
        }
    }
    if (out.empty() || held_.size() == 1) return out;
    if (context_.now_ms >= next_count_ms_) count_streams();
    for (InFlight known : streams_) {
        // By their addresses a generation may be held more than once: each has a part of what is known.
        for (InFlight& one : out) {
            if (one.generation != known.generation || one.upstream != known.upstream) continue;
            one.streams = std::min(known.streams, one.requests);
            one.requests -= one.streams;
            known.streams -= one.streams;
        }
    }
    return out;
}

void WorkerCore::count_streams() {
    streams_.clear();
    next_count_ms_ = context_.now_ms + kCountStreamsMs;
    for (const auto& session : sessions_)
        session.each_exchange([&](const serve::Exchange& exchange) { exchange.add_if_stream(streams_); });
}

void WorkerCore::retire(serve::InForce* held) {
    const auto it = std::find_if(held_.begin(), held_.end(), [held](const auto& h) { return h.get() == held; });
    auto snapshot = std::move((*it)->snapshot);
    held_.erase(it);
    // A generation is held as often as its addresses have changed; it is retired with the last of them.
    const std::uint64_t generation = snapshot->generation;
    const bool last =
        std::none_of(held_.begin(), held_.end(), [&](const auto& h) { return h->snapshot->generation == generation; });
    events_.retired(std::move(snapshot), last);
}

void WorkerCore::cut(std::uint64_t before_generation, const Upstreams& upstreams) {
    for (const auto& held : held_) {
        if (held->snapshot->generation >= before_generation) continue;
        for (std::size_t i = 0; i < held->sent.size(); ++i)
            if (upstreams.count(held->snapshot->upstreams[i]->id) != 0) held->sent[i].cut = true;
    }
    // Each looks for itself whether it is meant: cuts are rare, and a session need not know its exchange for them.
    for (auto& session : sessions_)
        if (!session.idle()) session.look();
}

std::vector<HeldExchange> WorkerCore::oldest(std::uint64_t before_generation, const Upstreams& upstreams,
                                             std::size_t most) {
    std::vector<const serve::Exchange*> found;
    for (const auto& session : sessions_)
        session.each_exchange([&](const serve::Exchange& exchange) {
            if (exchange.held_before(before_generation, upstreams)) found.push_back(&exchange);
        });
    const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(most, found.size()));
    std::ranges::partial_sort(found, end, {}, &serve::Exchange::started_us);
    std::vector<HeldExchange> out;
    for (auto it = found.begin(); it != end; ++it) out.push_back((*it)->held());
    return out;
}

HeldAges WorkerCore::ages() const {
    HeldAges out;
    for (const auto& session : sessions_)
        session.each_exchange([&](const serve::Exchange& exchange) { exchange.add_age(out); });
    return out;
}

WorkerReport WorkerCore::report(bool ages) {
    context_.under_way.wanted = ages;
    WorkerReport out = std::exchange(context_.counts, {});
    out.worker = number_;
    context_.take_cells(out);
    out.in_flight = in_flight(nullptr);
    out.ages = ages;
    if (ages) serve::Account::tell_ages(context_, out);
    context_.take_marks(out);
    out.client_connections = context_.client_connections;
    const std::uint64_t alone =
        context_.active_exchanges - std::min(context_.active_exchanges, context_.http2.exchanges);
    out.client_connections_idle =
        context_.client_connections - std::min(context_.client_connections, alone + context_.http2.busy);
    for (const auto& local : context_.endpoints) {
        if (!local) continue;
        out.upstream_connections_idle += local->idle_connections();
        out.upstream_connections += local->connections();
    }
    return out;
}

void WorkerCore::tick() {
    context_.wheel->advance(context_.now_ms, [](net::Timer& timer) {
        auto& alarm = static_cast<serve::Alarm&>(timer);
        alarm.expired = true;
        alarm.waiter->wake();
    });
    if (context_.waiting != 0) context_.call_queues();
    context_.held_requests.tick(context_.wall_seconds);
    if (context_.now_ms >= next_sweep_ms_) sweep();
}

void WorkerCore::sweep() {
    next_sweep_ms_ = context_.now_ms + kSweepMs;
    context_.tend_pools();
    if (!context_.listeners.any_gone()) return;
    for (auto& session : sessions_) {
        if (!session.place().gone()) continue;
        session.end_lanes();
        if (session.idle_for(kIdleGraceMs)) session.finish();
    }
}

void WorkerCore::park(bool parked) {
    parked_ = parked;
    // They leave the poller, which would go on to report connections that are another process's now.
    if (parked) acceptors_.clear();
    if (context_.in_force != nullptr) follow_listeners(*context_.in_force->snapshot);
}

void WorkerCore::begin_drain(std::int64_t grace_ms, bool alone) {
    context_.stopping = true;
    // The other process has them for good: a port that it gives up must not be held by this one.
    if (std::exchange(parked_, false) && context_.in_force != nullptr)
        for (const auto& plan : context_.in_force->snapshot->listeners) plan->sockets->close(number_);
    for (auto& acceptor : acceptors_) acceptor->close_after_queue();
    acceptors_.clear();
    drain_idle_grace_ms_ = std::min(kIdleGraceMs, grace_ms / 2);
    drain_idle_ms_ = context_.now_ms + drain_idle_grace_ms_;
    drain_deadline_ms_ = context_.now_ms + grace_ms;
    const std::int64_t last_words_ms = grace_ms * kEndWithinPercent / 100;
    context_.tunnels.end_within(last_words_ms, context_.now_ms, context_.random);
    held_deadline_ms_ = context_.now_ms + last_words_ms;
    if (alone) context_.held_requests.give_up();
    for (auto& session : sessions_) session.end_lanes();
}

bool WorkerCore::is_drained() {
    if (context_.now_ms >= held_deadline_ms_) context_.held_requests.give_up();
    if (context_.now_ms >= drain_idle_ms_)
        for (auto& session : sessions_)
            if (session.idle_for(drain_idle_grace_ms_)) session.finish();
    return sessions_.empty() || context_.now_ms >= drain_deadline_ms_;
}

}  // namespace switchyard
