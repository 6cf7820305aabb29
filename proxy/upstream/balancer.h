// Which endpoint gets this request. Choosing and counting are one step (claim): a burst does not hit the same endpoint,
// and after a switch no request can still be on its way to the old one.
//
// Order of the pools: routable primaries; when none is left, routable backups; when fewer than panic_percent are
//   routable, ejections are ignored; when no endpoint at all is up, those that are down only where the caller asks for
//   it. An endpoint at max_connections is passed over; when all are, the answer is `busy`.
// Threads: one worker; in_flight is shared (relaxed atomics).
// Sources: nginx (smooth weighted round robin), Mitzenmacher (two random choices), Finagle (peak EWMA), Eisenbud et al.
//   (Maglev), Mirrokni et al. (bounded loads), Thaler & Ravishankar (rendezvous).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "proxy/upstream/endpoint_local.h"
#include "proxy/upstream/upstream.h"

namespace switchyard::upstream {

// xoshiro256** seeded by splitmix64: small, fast, per worker.
class Random {
  public:
    explicit Random(std::uint64_t seed);
    std::uint64_t next();
    // Uniform in [0, bound); bound > 0.
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(((next() >> 32) * static_cast<std::uint64_t>(bound)) >> 32);
    }

  private:
    std::uint64_t s_[4];
};

// The worker's view of its endpoints: by Registry id.
class EndpointTable {
  public:
    virtual ~EndpointTable() = default;
    virtual EndpointLocal& local(const Endpoint& endpoint) = 0;
};

struct Choice {
    enum class Status : std::uint8_t { claimed, none, busy };
    Status status = Status::none;
    std::uint32_t endpoint = 0;  // index in Upstream::endpoints; counted in flight when claimed
};

struct ChoiceInput {
    std::uint64_t key_hash = 0;  // for ip_hash and hash
    std::int64_t now_us = 0;
    std::span<const std::uint32_t> tried;  // endpoint indices that have failed this request already
    std::int32_t preferred = -1;           // sticky session: this one when it may still be used
    bool all_down = false;                 // where no endpoint is up: those that are down
};

Choice claim(const Upstream& upstream, EndpointTable& table, Random& random, const ChoiceInput& input);
void release(const Endpoint& endpoint);

// Whether a new request could be given to an endpoint: claimed (one has a place), busy, or none. Claims nothing.
Choice::Status look(const Upstream& upstream);

// What `claim` finds, for a caller that only wants to know: nothing is counted and no turn is taken.
struct Outlook {
    std::vector<bool> candidates;          // by index: whether the next request may be given to it
    std::optional<std::uint32_t> certain;  // the one that it will be given to, where neither chance nor turn decides
    // The one that the key leads to, passed over while it has more than its share.
    std::optional<std::uint32_t> crowded;
    bool session = false;  // because a session holds on to it
    bool busy = false;     // no candidate, but only because every one is at max_connections
};
// `hashed`: input.key_hash is that of a key, not a random number.
Outlook outlook(const Upstream& upstream, const ChoiceInput& input, bool hashed);

// The Maglev table over these endpoints (by weight, sorted by name, so that every process builds the same one).
std::vector<std::uint16_t> build_maglev(std::span<const Endpoint> endpoints);

}  // namespace switchyard::upstream
