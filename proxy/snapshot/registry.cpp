#include "proxy/snapshot/registry.h"

#include <algorithm>
#include <random>

#include "proxy/base/log.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard {
namespace {

template <class T, class... How>
std::shared_ptr<T> shared_of(std::map<std::string, std::shared_ptr<T>>& all, const std::string& name, How... how) {
    auto& slot = all[name];
    if (!slot) slot = std::make_shared<T>(how...);
    return slot;
}

std::uint64_t drawn_salt() {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
}

template <class Map>
void drop_unused(Map& all) {
    std::erase_if(all, [](const auto& entry) { return entry.second.use_count() == 1; });
}

}  // namespace

std::uint32_t Registry::route(const std::string& name) {
    return routes_.id(name);
}
std::uint32_t Registry::upstream(const std::string& name) {
    return upstreams_.id(name);
}

std::shared_ptr<const void> Registry::hold_upstream(const std::string& upstream) {
    return shared_of(held_upstreams_, upstream);
}

std::shared_ptr<upstream::EndpointState> Registry::endpoint(const std::string& upstream, const std::string& address) {
    auto& slot = endpoints_[{upstream, address}];
    if (!slot) {
        // The id of an endpoint that is gone may be given again only when no worker can still hold its state.
        std::size_t id = 0;
        while (id < endpoints_by_id_.size() && !endpoints_by_id_[id].expired()) ++id;
        if (id == endpoints_by_id_.size()) endpoints_by_id_.emplace_back();
        slot = std::make_shared<upstream::EndpointState>(static_cast<std::uint32_t>(id), upstream, address);
        endpoints_by_id_[id] = slot;
    }
    return slot;
}

std::shared_ptr<upstream::EndpointState> Registry::endpoint(std::uint32_t id) const {
    return id < endpoints_by_id_.size() ? endpoints_by_id_[id].lock() : nullptr;
}

std::shared_ptr<SplitCursor> Registry::cursor(const std::string& route) {
    auto& slot = cursors_[route];
    if (slot) return slot;
    if (const auto before = turns_before_.extract(route)) {
        slot = std::make_shared<SplitCursor>(before.mapped().salt);
        slot->next.store(before.mapped().next, std::memory_order_relaxed);
    } else {
        slot = std::make_shared<SplitCursor>(drawn_salt());
    }
    return slot;
}

std::map<std::string, Registry::Turns> Registry::turns() const {
    std::map<std::string, Turns> out;
    for (const auto& [route, cursor] : cursors_)
        out[route] = {cursor->next.load(std::memory_order_relaxed), cursor->salt};
    return out;
}

std::shared_ptr<MarkWatch> Registry::marks(const std::string& route) {
    return shared_of(marks_, route);
}
std::shared_ptr<SharedCount> Registry::route_count(const std::string& route) {
    return shared_of(route_counts_, route);
}
std::shared_ptr<HeldCount> Registry::held_count(const std::string& route) {
    return shared_of(held_counts_, route);
}
std::shared_ptr<HeldCount> Registry::held_count_if_any(const std::string& route) const {
    const auto found = held_counts_.find(route);
    return found == held_counts_.end() ? nullptr : found->second;
}

std::shared_ptr<SharedCount> Registry::listener_count(const std::string& name) {
    return shared_of(listener_counts_, name);
}

std::shared_ptr<SharedCount> Registry::waiting_count(const std::string& upstream) {
    return shared_of(waiting_counts_, upstream);
}

std::shared_ptr<upstream::BreakerBoard> Registry::breaker_board(const std::string& upstream) {
    if (const auto before = breakers_before_.extract(upstream))
        return shared_of(breaker_boards_, upstream, workers_, before.mapped());
    return shared_of(breaker_boards_, upstream, workers_);
}

Registry::Breakers Registry::breakers() const {
    Breakers out;
    for (const auto& [upstream, board] : breaker_boards_)
        if (!board->all_closed()) out[upstream] = board->places();
    return out;
}

std::shared_ptr<route::RateTable> Registry::begin_rate_table(std::uint64_t seed) {
    rate_table_ = std::make_shared<route::RateTable>(seed);
    return rate_table_;
}

std::shared_ptr<route::RateTable> Registry::rate_table() {
    if (!rate_table_) {
        rate_table_ = std::make_shared<route::RateTable>(drawn_salt());
    }
    return rate_table_;
}

std::shared_ptr<net::ListeningSockets> Registry::listening(const config::Address& bind, const std::string& listener,
                                                           std::string* why) {
    const bool any_port = bind.kind != config::Address::Kind::unix_path && bind.port == 0;
    const auto key = any_port ? bind.text() + " " + listener : bind.text();
    auto& slot = listening_[key];
    if (!slot)
        if (auto passed = passed_.claim(bind, listener); !passed.empty())
            slot = net::ListeningSockets::passed(bind, std::move(passed), workers_, why);
    if (!slot) slot = net::ListeningSockets::open(bind, workers_, why, neighbours_on(bind));
    auto out = slot;
    if (!out) listening_.erase(key);
    return out;
}

// A listener of ours may hold the same port by another address (0.0.0.0 beside [::]; the kernel prefers the nearer), or
// be on its way out.
net::ListeningSockets::Neighbours Registry::neighbours_on(const config::Address& bind) const {
    using Neighbours = net::ListeningSockets::Neighbours;
    if (bind.kind == config::Address::Kind::unix_path) return Neighbours::none;
    const auto near = [&](const net::ListeningSockets* sockets) {
        return sockets != nullptr && !sockets->closed() && sockets->bound().kind != config::Address::Kind::unix_path &&
               sockets->bound().port == bind.port;
    };
    for (const auto& [key, sockets] : listening_)
        if (near(sockets.get())) return Neighbours::ours;
    for (const auto& sockets : leaving_)
        if (near(sockets.lock().get())) return Neighbours::ours;
    return Neighbours::none;
}

void Registry::published(const Snapshot& snapshot) {
    std::erase_if(leaving_, [](const auto& sockets) { return sockets.expired(); });
    std::erase_if(listening_, [&](const auto& entry) {
        const auto& sockets = entry.second;
        const bool named = std::any_of(snapshot.listeners.begin(), snapshot.listeners.end(),
                                       [&](const auto& plan) { return plan->sockets == sockets; });
        if (named || !sockets->listening()) return false;  // not listening: of a generation that is still to come
        sockets->retire();
        leaving_.push_back(sockets);
        return true;
    });
    for (const auto& plan : snapshot.listeners)
        if (std::string why; !plan->sockets->listen(&why)) log_error("listener {}: {}", plan->name, why);
}

Registry::Gone Registry::release(NameIds::Time now) {
    certificates_.release();
    Gone gone;
    std::erase_if(endpoints_, [&](const auto& entry) {
        if (entry.second.use_count() != 1) return false;
        gone.endpoints.push_back(entry.second);
        return true;
    });
    drop_unused(cursors_);
    drop_unused(marks_);
    drop_unused(route_counts_);
    drop_unused(held_counts_);
    drop_unused(listener_counts_);
    drop_unused(waiting_counts_);
    drop_unused(breaker_boards_);
    drop_unused(held_upstreams_);
    drop_unused(listening_);
    gone.routes = routes_.release([this](const std::string& name) { return cursors_.contains(name); }, now);
    gone.upstreams =
        upstreams_.release([this](const std::string& name) { return held_upstreams_.contains(name); }, now);
    return gone;
}

}  // namespace switchyard
