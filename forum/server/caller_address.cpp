#include "forum/server/caller_address.h"

#include <optional>

#include "forum/domain/ascii.h"

namespace forum {

std::string caller_address(std::string_view peer, std::string_view forwarded, const Networks& trusted) {
    std::optional<Address> address = address_from(peer);
    while (address && trusted.hold(*address) && !forwarded.empty()) {
        const std::size_t comma = forwarded.rfind(',');
        const std::string_view last = comma == std::string_view::npos ? forwarded : forwarded.substr(comma + 1);
        const auto before = address_from(last);
        if (!before) break;
        address = before;
        forwarded = comma == std::string_view::npos ? std::string_view() : forwarded.substr(0, comma);
    }
    return address ? text_of(*address) : std::string(peer);
}

bool names_this_machine(std::string_view host) {
    if (host.empty()) return true;  // HTTP/1.0: no browser speaks it
    const std::size_t end = host.starts_with('[') ? host.size() : host.find(':');
    if (equals_in_any_case(host.substr(0, end), "localhost")) return true;
    const auto address = address_from(host);
    return address && address->is_loopback();
}

}  // namespace forum
