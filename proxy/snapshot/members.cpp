#include "proxy/snapshot/members.h"

#include "config/model/discovered.h"

namespace switchyard {

std::vector<config::Endpoint> endpoints_of(const std::string& name, const config::Upstream& upstream,
                                           const KnownAddresses& known) {
    return config::all_endpoints(upstream, known.found(name));
}

std::vector<Member> members_of(const config::Address& endpoint, const KnownAddresses& known) {
    using Kind = config::Address::Kind;
    if (endpoint.kind != Kind::name) return {{endpoint.text(), endpoint}};
    std::vector<Member> out;
    for (const auto& address : known.find(endpoint.host)) {
        const Kind kind = address.find(':') == std::string::npos ? Kind::ipv4 : Kind::ipv6;
        out.push_back({endpoint.text() + "@" + address, {kind, address, endpoint.port}});
    }
    return out;
}

}  // namespace switchyard
