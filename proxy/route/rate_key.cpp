#include "proxy/route/rate_key.h"

#include <xxhash.h>

#include <string>

#include "proxy/route/rate_table.h"

namespace switchyard::route {
namespace {

// The worst that a client can do with one address: an IPv6 network is one client, it is given out as one.
std::string_view network_of(const ClientAddress& address) {
    return {reinterpret_cast<const char*>(address.bytes.data()), address.is_v4() ? std::size_t{16} : std::size_t{8}};
}

std::uint64_t hash_of(const config::Key& by, const std::string& lower_name, const RequestFacts& facts,
                      std::uint64_t seed) {
    std::string scratch;
    std::string_view key;
    if (by.source != config::Key::Source::client) key = value_of(by, lower_name, facts, scratch);
    if (key.data() == nullptr) key = network_of(facts.client);
    return XXH3_64bits_withSeed(key.data(), key.size(), seed);
}

}  // namespace

std::uint64_t rate_key(const Route& route, const RequestFacts& facts) {
    return hash_of(route.limits.rate.key, route.rate_key_name, facts, route.rate_seed);
}

std::uint64_t concurrency_key(const Route& route, const RequestFacts& facts) {
    const auto& counted = *route.concurrent;
    return hash_of(route.limits.concurrent.key, counted.key_name, facts, counted.seed);
}

std::uint64_t client_key(const ClientAddress& client, std::uint64_t seed) {
    const auto key = network_of(client);
    return XXH3_64bits_withSeed(key.data(), key.size(), seed);
}

std::uint64_t concurrency_seed(std::uint64_t table, std::string_view route_name) {
    return XXH3_64bits_withSeed(route_name.data(), route_name.size(), table);
}

std::uint64_t rate_seed(const RateTable& table, std::string_view route_name) {
    return concurrency_seed(table.seed(), route_name);
}

}  // namespace switchyard::route
