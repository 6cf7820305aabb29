// What is told of an exchange while its drain is waited for.
#include "proxy/serve/exchange.h"

namespace switchyard::serve {

bool Exchange::held_before(std::uint64_t generation, const std::set<std::uint32_t>& upstreams) const {
    return sent_ != nullptr && in_force_->generation < generation && upstreams.count(upstream_->id) != 0;
}

HeldExchange Exchange::held() const {
    HeldExchange out;
    out.generation = in_force_->generation;
    out.route = route_->name;
    out.upstream = upstream_->name;
    out.method = method();
    out.path = path_.substr(0, HeldExchange::kMostPath);
    if (path_.size() > HeldExchange::kMostPath) out.path += "…";
    char client[64];
    out.client.assign(client, facts_.client.write(client));
    out.tunnel = record_.tunnel;
    out.started_us = record_.started_us;
    return out;
}

}  // namespace switchyard::serve
