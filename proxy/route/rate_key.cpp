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

}  // namespace

std::uint64_t rate_key(const Route& route, const RequestFacts& facts) {
    const config::Key& by = route.limits.rate.key;
    std::string scratch;
    std::string_view key;
    if (by.source != config::Key::Source::client) key = value_of(by, route.rate_key_name, facts, scratch);
    if (key.data() == nullptr) key = network_of(facts.client);
    return XXH3_64bits_withSeed(key.data(), key.size(), route.rate_seed);
}

std::uint64_t rate_seed(const RateTable& table, std::string_view route_name) {
    return XXH3_64bits_withSeed(route_name.data(), route_name.size(), table.seed());
}

}  // namespace switchyard::route
