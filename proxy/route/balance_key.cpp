#include "proxy/route/balance_key.h"

#include <xxhash.h>

#include <string>

#include "proxy/route/route.h"

namespace switchyard::route {

std::optional<std::uint64_t> balance_key(const config::Balance& balance, const RequestFacts& facts) {
    if (balance.kind == config::Balance::Kind::ip_hash)
        return XXH3_64bits(facts.client.bytes.data(), facts.client.bytes.size());
    if (balance.kind != config::Balance::Kind::hash) return std::nullopt;
    std::string scratch;
    const auto key = value_of(balance.hash_key, balance.hash_key.name, facts, scratch);
    if (key.data() == nullptr) return std::nullopt;
    return XXH3_64bits(key.data(), key.size());
}

}  // namespace switchyard::route
