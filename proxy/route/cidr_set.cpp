#include "proxy/route/cidr_set.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "config/model/cidr.h"
#include "config/model/listener.h"

namespace switchyard::route {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

constexpr unsigned kBitsBeforeV4 = 8 * kMapped.size();

}  // namespace

bool ClientAddress::is_v4() const {
    return std::memcmp(bytes.data(), kMapped.data(), kMapped.size()) == 0;
}

ClientAddress ClientAddress::of(const sockaddr_storage& storage) {
    ClientAddress out;
    if (storage.ss_family == AF_INET) {
        std::memcpy(out.bytes.data(), kMapped.data(), kMapped.size());
        std::memcpy(out.bytes.data() + 12, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, 4);
        out.is_ip = true;
    } else if (storage.ss_family == AF_INET6) {
        std::memcpy(out.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, 16);
        out.is_ip = true;
    }
    return out;
}

ClientAddress ClientAddress::parse(std::string_view text) {
    ClientAddress out;
    char terminated[INET6_ADDRSTRLEN];
    if (text.size() >= sizeof terminated || text.find('\0') != text.npos) return out;
    terminated[text.copy(terminated, text.size())] = '\0';
    if (inet_pton(AF_INET, terminated, out.bytes.data() + 12) == 1) {
        std::memcpy(out.bytes.data(), kMapped.data(), kMapped.size());
        out.is_ip = true;
    } else if (inet_pton(AF_INET6, terminated, out.bytes.data()) == 1) {
        out.is_ip = true;
    }
    return out;
}

std::size_t ClientAddress::write(char* out) const {
    if (!is_ip) {
        std::memcpy(out, "unix", 5);
        return 4;
    }
    if (!is_v4()) {
        inet_ntop(AF_INET6, bytes.data(), out, INET6_ADDRSTRLEN);
        return std::strlen(out);
    }
    char* at = out;
    for (std::size_t i = 12; i < 16; ++i) {
        if (i > 12) *at++ = '.';
        at = std::to_chars(at, at + 3, bytes[i]).ptr;
    }
    *at = '\0';
    return static_cast<std::size_t>(at - out);
}

CidrSet::CidrSet(const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
        if (text == config::kUnixPeers) unix_ = true;
        const auto block = config::Cidr::parse(text);
        if (!block) continue;
        Network network{block->bytes, block->prefix, false};
        if (!block->ipv6) {
            std::copy(kMapped.begin(), kMapped.end(), network.bytes.begin());
            std::copy_n(block->bytes.begin(), 4, network.bytes.begin() + kMapped.size());
            network.bits += kBitsBeforeV4;
        }
        network.v4 = network.bits >= kBitsBeforeV4 && ClientAddress{network.bytes, true}.is_v4();
        networks_.push_back(network);
    }
}

bool CidrSet::contains(const ClientAddress& address) const {
    if (!address.is_ip) return unix_;
    const bool v4 = address.is_v4();
    for (const auto& network : networks_) {
        if (network.v4 != v4) continue;
        const unsigned whole = network.bits / 8, rest = network.bits % 8;
        if (std::memcmp(address.bytes.data(), network.bytes.data(), whole) != 0) continue;
        if (rest == 0) return true;
        const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
        if (((address.bytes[whole] ^ network.bytes[whole]) & mask) == 0) return true;
    }
    return false;
}

}  // namespace switchyard::route
