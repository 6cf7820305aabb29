#include "proxy/serve/listener_place.h"

#include <algorithm>
#include <utility>

#include "proxy/route/rate_key.h"

namespace switchyard::serve {

void ListenerPlace::follow(const ListenerPlan& plan) {
    plan_ = &plan;
    if (plan.per_client.counts) clients_ = plan.per_client.counts;
    if (connections_ == plan.connections) return;
    connections_->value.fetch_sub(sessions_, std::memory_order_relaxed);
    connections_ = plan.connections;
    connections_->value.fetch_add(sessions_, std::memory_order_relaxed);
}

bool ListenerPlace::enter(const route::ClientAddress& client, route::KeyCounts::Place& into) const {
    const auto& limit = plan_->per_client;
    if (limit.most == 0 || !client.is_ip || plan_->trusted_proxies.contains(client)) return true;
    return limit.counts->enter(route::client_key(client, limit.seed), limit.most, into);
}

void ListenerPlace::end() {
    auto last = std::make_shared<ListenerPlan>(*plan_);
    last->sockets = nullptr;
    last_ = std::move(last);
    plan_ = last_.get();
}

bool ListenerPlaces::follow(const Snapshot& snapshot) {
    std::vector<std::unique_ptr<ListenerPlace>> next(snapshot.listeners.size());
    bool shorter = false;
    const auto take = [&](auto same) {
        for (std::size_t i = 0; i < next.size(); ++i) {
            if (next[i]) continue;
            const ListenerPlan& plan = *snapshot.listeners[i];
            const auto found = std::find_if(current_.begin(), current_.end(),
                                            [&](const auto& place) { return place && same(place->plan(), plan); });
            if (found == current_.end()) continue;
            shorter = shorter || plan.idle_timeout_ms < (*found)->plan().idle_timeout_ms;
            (*found)->follow(plan);
            next[i] = std::move(*found);
        }
    };
    take([](const ListenerPlan& a, const ListenerPlan& b) { return a.sockets == b.sockets; });
    take([](const ListenerPlan& a, const ListenerPlan& b) { return a.name == b.name; });
    for (std::size_t i = 0; i < next.size(); ++i)
        if (!next[i]) next[i] = std::make_unique<ListenerPlace>(*snapshot.listeners[i]);
    for (auto& left : current_) {
        if (!left || left->sessions() == 0) continue;
        left->end();
        gone_.push_back(std::move(left));
    }
    current_ = std::move(next);
    return shorter;
}

bool ListenerPlaces::any_gone() {
    std::erase_if(gone_, [](const auto& place) { return place->sessions() == 0; });
    return !gone_.empty();
}

}  // namespace switchyard::serve
