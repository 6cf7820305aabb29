#include "proxy/snapshot/counts_elsewhere.h"

#include <iterator>

#include "config/model.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard {
namespace {

std::atomic<std::uint32_t>& word_of(upstream::EndpointState& endpoint) {
    return endpoint.in_flight;
}
std::atomic<std::uint32_t>& word_of(SharedCount& count) {
    return count.value;
}

template <class Map>
void add(Map& to, const Map& from) {
    for (const auto& [key, count] : from) to[key] += count;
}

template <class Book, class Map, class Find>
void follow(Book& book, const Map& told, const Find& find) {
    for (const auto& [key, count] : told)
        if (auto& one = book[key]; !one.at) one.at = find(key);
    for (auto it = book.begin(); it != book.end();) {
        auto& [key, one] = *it;
        const auto found = told.find(key);
        const std::uint32_t now = found == told.end() ? 0 : found->second;
        // What the workers add and take meanwhile stays: only the difference is put on top.
        word_of(*one.at).fetch_add(now - one.count, std::memory_order_relaxed);
        one.count = now;
        it = now == 0 ? book.erase(it) : std::next(it);
    }
}

template <class Map, class Book, class Count>
void note(Map& to, const typename Map::key_type& key, const Book& book, Count& count) {
    const auto told = book.find(key);
    const auto all = word_of(count).load(std::memory_order_relaxed);
    const std::uint32_t others = told == book.end() ? 0 : told->second.count;
    if (all > others) to[key] = all - others;
}

}  // namespace

InFlightShare& InFlightShare::operator+=(const InFlightShare& o) {
    add(endpoints, o.endpoints);
    add(routes, o.routes);
    add(listeners, o.listeners);
    add(waiting, o.waiting);
    return *this;
}

InFlightShare CountsElsewhere::own(const Snapshot& snapshot, bool all) const {
    InFlightShare out;
    for (const auto& upstream : snapshot.upstreams) {
        for (const auto& endpoint : upstream->endpoints)
            if (all || endpoint.max_connections != 0)
                note(out.endpoints, {upstream->name, endpoint.state->address}, endpoints_, *endpoint.state);
        if (upstream->waiting) note(out.waiting, upstream->name, waiting_, *upstream->waiting);
    }
    for (const auto& route : snapshot.model->routes)
        if (route.limits.in_flight > 0) note(out.routes, route.name, routes_, *registry_.route_count(route.name));
    for (const auto& plan : snapshot.listeners)
        if (plan->max_connections != 0) note(out.listeners, plan->name, listeners_, *plan->connections);
    return out;
}

void CountsElsewhere::tell(const InFlightShare& share) {
    follow(endpoints_, share.endpoints, [&](const auto& key) { return registry_.endpoint(key.first, key.second); });
    follow(routes_, share.routes, [&](const auto& key) { return registry_.route_count(key); });
    follow(listeners_, share.listeners, [&](const auto& key) { return registry_.listener_count(key); });
    follow(waiting_, share.waiting, [&](const auto& key) { return registry_.waiting_count(key); });
}

}  // namespace switchyard
