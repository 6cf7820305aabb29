#include "proxy/serve/tunnels.h"

#include <algorithm>
#include <vector>

namespace switchyard::serve {

Tunnels::Tunnel::Tunnel(Tunnels& all, net::Waiter& waiter, std::uint32_t endpoint)
    : all_(all), waiter_(waiter), endpoint_(endpoint), end_at_ms_(all.all_end_at_ms_) {
    all_.open_.push_back(*this);
}

Tunnels::Tunnel::~Tunnel() {
    all_.open_.erase(all_.open_.iterator_to(*this));
}

std::int64_t Tunnels::Tunnel::deadline(std::int64_t at_ms) const {
    if (end_at_ms_ == 0) return at_ms;
    return at_ms == 0 ? end_at_ms_ : std::min(at_ms, end_at_ms_);
}

void Tunnels::follow(const Snapshot& snapshot, std::int64_t now_ms, upstream::Random& random) {
    if (open_.empty() || all_end_at_ms_ != 0) return;
    std::vector<bool> wanted;
    for (std::size_t u = 0; u < snapshot.upstreams.size(); ++u) {
        if (!snapshot.routed[u]) continue;
        for (const auto& endpoint : snapshot.upstreams[u]->endpoints) {
            if (endpoint.wanted != config::EndpointState::up) continue;
            if (endpoint.state->id >= wanted.size()) wanted.resize(endpoint.state->id + 1);
            wanted[endpoint.state->id] = true;
        }
    }
    for (Tunnel& tunnel : open_) {
        const bool stays = tunnel.endpoint_ < wanted.size() && wanted[tunnel.endpoint_];
        if (stays == (tunnel.end_at_ms_ == 0)) continue;  // as before: an unrelated change moves nothing
        tunnel.end_at_ms_ = stays ? 0 : now_ms + kGraceMs + random.below(static_cast<std::uint32_t>(kSpreadMs));
        tunnel.waiter_.wake();
    }
}

void Tunnels::end_within(std::int64_t milliseconds, std::int64_t now_ms, upstream::Random& random) {
    all_end_at_ms_ = now_ms + milliseconds;
    for (Tunnel& tunnel : open_) {
        const std::int64_t at = now_ms + random.below(static_cast<std::uint32_t>(milliseconds) + 1);
        if (tunnel.end_at_ms_ == 0 || at < tunnel.end_at_ms_) tunnel.end_at_ms_ = at;
        tunnel.waiter_.wake();
    }
}

}  // namespace switchyard::serve
