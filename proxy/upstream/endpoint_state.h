// The little that all workers share about one endpoint: how many requests are in flight to it and whether it is
// well. It belongs to the endpoint's identity (upstream name + address) and outlives generations, so an unrelated
// edit resets no counter and forgets no health.
//
// Invariants: in_flight counts leases, over all workers; it is raised in the same step in which the endpoint is
//   chosen. health bits are written by control only.
// Threads: relaxed atomics on a line of its own; nothing else in it changes after construction.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace switchyard::upstream {

struct alignas(128) EndpointState {
    enum Bit : std::uint8_t {
        up = 1,        // health checks say so (or there are none)
        ejected = 2,   // taken out by ejection for a while
        draining = 4,  // its answers to health checks ask for no new requests
    };

    EndpointState(std::uint32_t id_, std::string upstream_, std::string address_)
        : id(id_), upstream(std::move(upstream_)), address(std::move(address_)) {}

    std::atomic<std::uint32_t> in_flight{0};
    std::atomic<std::uint8_t> health{0};
    // When it came (back) up, in milliseconds of the steady clock; 0: never was down. For slow start.
    std::atomic<std::int64_t> up_since_ms{0};

    const std::uint32_t id;  // dense; index into per-worker tables
    const std::string upstream;
    const std::string address;

    bool healthy() const { return is(up, ejected); }
    // New ones, as far as it is known.
    bool takes_requests() const { return is(up, ejected | draining); }
    bool takes_requests_if_ejected() const { return is(up, draining); }
    bool is(std::uint8_t these, std::uint8_t none_of) const {
        return (health.load(std::memory_order_relaxed) & (these | none_of)) == these;
    }
    void set(Bit bit, bool on) {
        if (on)
            health.fetch_or(bit, std::memory_order_relaxed);
        else
            health.fetch_and(static_cast<std::uint8_t>(~bit), std::memory_order_relaxed);
    }
};

// A worker's word that an endpoint misbehaves: `consecutive` failures in a row seen by one worker.
struct Suspect {
    std::uint32_t endpoint = 0;
    std::uint32_t consecutive = 0;
};

}  // namespace switchyard::upstream
