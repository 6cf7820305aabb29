// What is told of an exchange while its drain is waited for.
#include "proxy/serve/exchange.h"

namespace switchyard::serve {

bool Exchange::held_before(std::uint64_t generation, const std::set<std::uint32_t>& upstreams) const {
    return course_.sent != nullptr && course_.in_force->generation < generation &&
           upstreams.count(course_.upstream->id) != 0;
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
    out.started_us = record_.started_us;
    return out;
}

}  // namespace switchyard::serve
