#include "config/model/name_server.h"

namespace switchyard::config {

std::optional<Address> name_server(const std::string& text) {
    for (const auto& spelling : {text, text + ":53", "[" + text + "]:53"}) {
        auto address = Address::parse(spelling);
        if (address && address->port != 0 &&
            (address->kind == Address::Kind::ipv4 || address->kind == Address::Kind::ipv6))
            return address;
    }
    return std::nullopt;
}

}  // namespace switchyard::config
