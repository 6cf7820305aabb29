#include "proxy/serve/worker_context.h"

#include "proxy/route/expression.h"
#include "proxy/upstream/breaker_board.h"

namespace switchyard::serve {
namespace {

template <class T>
T& at(std::vector<std::unique_ptr<T>>& all, std::uint32_t id) {
    if (id >= all.size()) all.resize(id + 1);
    if (!all[id]) all[id] = std::make_unique<T>();
    return *all[id];
}

}  // namespace

void WorkerContext::enter_thread() const {
    route::Expression::this_thread_is(worker_number + 1);
}

upstream::EndpointLocal& WorkerContext::local(const upstream::Endpoint& endpoint) {
    const auto id = endpoint.state->id;
    if (id >= endpoints.size()) endpoints.resize(id + 1);
    auto& slot = endpoints[id];
    if (!slot) slot = std::make_unique<upstream::EndpointLocal>(poller, now_ms, endpoint.state);
    return *slot;
}

void WorkerContext::tend_pools() {
    for (const auto& local : endpoints) {
        if (!local) continue;
        local->pool.note_survivors();
        if (local->keep_idle_ms == 0) continue;
        local->pool.close_idle(now_ms - local->keep_idle_ms);
        if (local->shared) local->shared->close_idle(now_ms - local->keep_idle_ms);
    }
}

void WorkerContext::keep_upstreams(const std::vector<bool>& held) {
    const auto forget = [&](auto& all) {
        for (std::size_t id = 0; id < all.size(); ++id)
            if (id >= held.size() || !held[id]) all[id].reset();
        while (!all.empty() && !all.back()) all.pop_back();
    };
    forget(breakers_);
    forget(queues_);
    forget_places();
}

upstream::Breaker& WorkerContext::breaker(const upstream::Upstream& upstream) {
    const bool here = upstream.id < breakers_.size() && breakers_[upstream.id] != nullptr;
    auto& breaker = at(breakers_, upstream.id);
    if (!here) upstream.breaker_board->begin(worker_number, breaker);
    return breaker;
}

upstream::WaitQueue& WorkerContext::queue(std::uint32_t upstream) {
    return at(queues_, upstream);
}

void WorkerContext::call_queues() {
    for (const auto& queue : queues_)
        if (queue) queue->call();
}

}  // namespace switchyard::serve
