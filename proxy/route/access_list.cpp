#include "proxy/route/access_list.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "config/model/cidr.h"
#include "config/model/listener.h"

namespace switchyard::route {
namespace {

constexpr unsigned kMappedBits = 96;  // of an IPv4 address that is written as one of IPv6

// Where the next address begins; nothing behind the last of all.
std::optional<std::array<std::uint8_t, 16>> after(std::array<std::uint8_t, 16> address) {
    for (auto octet = address.rbegin(); octet != address.rend(); ++octet)
        if (++*octet != 0) return address;
    return std::nullopt;
}

}  // namespace

AccessList::AccessList(const config::Access& source) : allows_some_(!source.allow.empty()) {
    std::vector<Network> v4, v6;
    const auto add = [&](const std::string& text, bool allows) {
        const auto entry = static_cast<std::int32_t>(entries_.size());
        entries_.push_back({text, allows});
        if (text == config::kAllClients) return void(all_ = entry);
        if (text == config::kUnixPeers) return void(unix_ = entry);
        const auto block = config::Cidr::parse(text);
        if (!block) return;
        Network network{{}, {}, block->prefix, entry};
        if (block->ipv6) {
            network.first = block->bytes;
        } else {
            network.first[10] = network.first[11] = 0xff;
            std::copy_n(block->bytes.begin(), 4, network.first.begin() + 12);
            network.bits += kMappedBits;
        }
        network.last = network.first;
        for (unsigned bit = network.bits; bit < 128; ++bit)
            network.last[bit / 8] |= static_cast<std::uint8_t>(0x80u >> (bit % 8));
        const bool mapped =
            network.bits >= kMappedBits && ClientAddress{network.first, true}.is_v4();  // ::ffff:10.0.0.0/104 too
        (mapped ? v4 : v6).push_back(network);
    };
    for (const auto& text : source.allow) add(text, true);
    for (const auto& text : source.deny) add(text, false);
    v4_ = borders_between(std::move(v4));
    v6_ = borders_between(std::move(v6));
}

std::shared_ptr<const AccessList> AccessList::made_of(const config::Access& source) {
    return source.empty() ? nullptr : std::make_shared<const AccessList>(source);
}

// Blocks are apart or one in the other: those that an address is in are a stack, the narrowest on top.
AccessList::Borders AccessList::borders_between(std::vector<Network> networks) {
    // Of the same block written twice, which no list should have, the last decides: those that are refused come last.
    std::ranges::sort(networks, {}, [](const Network& n) { return std::tie(n.first, n.bits, n.entry); });
    Borders out;
    const auto mark = [&](const Octets& from, std::int32_t entry) {
        if (!out.empty() && out.back().from == from)
            out.back().entry = entry;
        else
            out.push_back({from, entry});
    };
    std::vector<Network> open;
    const auto close = [&] {
        const auto next = after(open.back().last);
        open.pop_back();
        if (next) mark(*next, open.empty() ? kNobody : open.back().entry);
    };
    for (const Network& network : networks) {
        while (!open.empty() && open.back().last < network.first) close();
        mark(network.first, network.entry);
        open.push_back(network);
    }
    while (!open.empty()) close();
    return out;
}

const AccessList::Entry* AccessList::deciding(const ClientAddress& client) const {
    std::int32_t entry = kNobody;
    if (client.is_ip) {
        const Borders& borders = client.is_v4() ? v4_ : v6_;
        const auto next = std::ranges::upper_bound(borders, client.bytes, {}, &Border::from);
        if (next != borders.begin()) entry = std::prev(next)->entry;
    } else {
        entry = unix_;
    }
    if (entry == kNobody) entry = all_;
    return entry == kNobody ? nullptr : &entries_[static_cast<std::size_t>(entry)];
}

}  // namespace switchyard::route
