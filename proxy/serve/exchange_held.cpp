// What is told of an exchange while its drain is waited for, and when another program is tried.
#include <algorithm>

#include "proxy/serve/exchange.h"

namespace switchyard::serve {

bool Exchange::held_before(std::uint64_t generation, const std::set<std::uint32_t>& upstreams) const {
    return course_.sent != nullptr && course_.in_force->generation < generation &&
           upstreams.count(course_.upstream->id) != 0;
}

void Exchange::add_if_stream(std::vector<InFlight>& to) const {
    if (course_.sent == nullptr || course_.is_tunnel()) return;
    if (context_.now_us - account_.record.started_us < kStreamAgeUs) return;
    const std::uint64_t generation = course_.in_force->generation;
    for (InFlight& known : to)
        if (known.generation == generation && known.upstream == course_.upstream->id) return void(++known.streams);
    to.push_back({generation, course_.upstream->id, 0, 0, 1});
}

HeldExchange Exchange::held() const {
    HeldExchange out;
    out.generation = course_.in_force->generation;
    out.route = course_.route->name;
    out.upstream = course_.upstream->name;
    out.method = asked_.method();
    const std::string_view path = asked_.target.path;
    out.path = path.substr(0, HeldExchange::kMostPath);
    if (path.size() > HeldExchange::kMostPath) out.path += "…";
    char client[64];
    out.client.assign(client, asked_.facts.client.write(client));
    out.tunnel = course_.is_tunnel();
    out.started_us = account_.record.started_us;
    return out;
}

void Exchange::add_age(HeldAges& to) const {
    if (course_.sent == nullptr) return;
    ++(course_.is_tunnel() ? to.tunnels : to.requests);
    to.youngest_us = std::min(to.youngest_us, context_.now_us - account_.record.started_us);
}

// One whose head was refused has no meaning for a route.
void Exchange::note_recent() const {
    if (asked_.facts.head == nullptr) return;
    char client[64];
    const std::string_view peer(client, client_.address().write(client));
    context_.recent.note(context_.now_ms, asked_.head, head_.data(), peer, course_.listener->name);
}

}  // namespace switchyard::serve
