#include "tests/support/random_values.h"

#include <fmt/format.h>

namespace switchyard::config {

Address random_address(Dice& dice, std::uint32_t port) {
    const auto p = static_cast<std::uint16_t>(port);
    switch (dice.upto(3)) {
        case 0:
            return {Address::Kind::ipv6, dice.chance(0.5) ? "::1" : "2001:db8::7", p};
        case 1:
            return {Address::Kind::name, dice.chance(0.5) ? "localhost" : "app.internal", p};
        case 2:
            return {Address::Kind::unix_path, fmt::format("/run/app {}.sock", port), 0};
        default:
            return {Address::Kind::ipv4, fmt::format("10.0.0.{}", dice.upto(255)), p};
    }
}

std::string random_cidr(Dice& dice) {
    static const std::vector<std::string> kBlocks{"10.0.0.0/8", "192.0.2.7", "0.0.0.0/0", "2001:db8::/32", "::1/128"};
    return dice.of(kBlocks);
}

Key random_key(Dice& dice, bool claims, bool identity) {
    using Source = Key::Source;
    switch (dice.upto(identity ? 4 : 7)) {
        case 0:
            return {Source::header, dice.chance(0.5) ? "X-User" : "x_odd~name"};
        case 1:
            return {Source::cookie, "uid"};
        case 2:
            return {Source::query, dice.chance(0.5) ? "q" : "a b:c"};
        case 3:
            return claims ? Key{Source::claim, "sub"} : Key{Source::client, {}};
        case 5:
            return {Source::method, {}};
        case 6:
            return {Source::path, {}};
        case 7:
            return {Source::host, {}};
        default:
            return {Source::client, {}};
    }
}

}  // namespace switchyard::config
