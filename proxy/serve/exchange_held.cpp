// What is told of an exchange while its drain is waited for.
#include "proxy/serve/exchange.h"

namespace switchyard::serve {

bool Exchange::held_before(std::uint64_t generation, const std::set<std::uint32_t>& upstreams) const {
    return course_.sent != nullptr && course_.in_force->generation < generation &&
           upstreams.count(course_.upstream->id) != 0;
}

void Exchange::count_if_stream(std::span<InFlight> held) const {
    if (course_.sent == nullptr || course_.is_tunnel()) return;
    if (context_.now_us - account_.record.started_us < kStreamAgeUs) return;
    for (InFlight& one : held) {
        if (one.generation != course_.in_force->generation || one.upstream != course_.upstream->id) continue;
        // Where a generation is held more than once the others hold what this one has not.
        if (one.requests == 0) continue;
        --one.requests;
        ++one.streams;
        return;
    }
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

}  // namespace switchyard::serve
