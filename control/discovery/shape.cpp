#include "control/discovery/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "config/model/cidr.h"

namespace switchyard::control::discovery {
namespace {

bool within(std::string_view block, const std::string& host) {
    const auto cidr = config::Cidr::parse(block);
    return cidr && cidr->contains(std::string_view(host));
}

// As an address of a listener: itself, or one that listens on every address of this machine.
bool listens_there(const config::Listener& listener, const config::Address& address) {
    if (listener.bind.port != address.port || listener.bind.kind == config::Address::Kind::unix_path) return false;
    const bool every = listener.bind.host == "0.0.0.0" || listener.bind.host == "::";
    const bool loopback = within("127.0.0.0/8", address.host) || within("::1", address.host);
    return listener.bind.host == address.host || (every && loopback);
}

}  // namespace

std::string why_refused(const config::Address& address, const std::vector<std::string>& allow,
                        const std::vector<config::Listener>& own) {
    if (address.kind != config::Address::Kind::ipv4 && address.kind != config::Address::Kind::ipv6)
        return fmt::format("{} is no numeric address", address.text());
    if (address.port == 0) return fmt::format("{} has no port", address.text());
    for (const auto& listener : own)
        if (listens_there(listener, address))
            return fmt::format("{} is listener {} of this proxy", address.text(), listener.name);
    if (!allow.empty()) {
        if (std::ranges::any_of(allow, [&](const auto& block) { return within(block, address.host); })) return {};
        return fmt::format("{} is in no block of discovery.allow", address.text());
    }
    constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kReserved{{
        {"127.0.0.0/8", "loopback"},
        {"::1", "loopback"},
        {"0.0.0.0/8", "unspecified"},
        {"::", "unspecified"},
        {"169.254.0.0/16", "link-local"},
        {"fe80::/10", "link-local"},
        {"224.0.0.0/4", "multicast"},
        {"ff00::/8", "multicast"},
        {"255.255.255.255", "broadcast"},
    }};
    for (const auto& [block, word] : kReserved)
        if (within(block, address.host))
            return fmt::format("{} is {}: name its block in discovery.allow if it is meant", address.text(), word);
    return {};
}

}  // namespace switchyard::control::discovery
