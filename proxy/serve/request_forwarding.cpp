// The lines that tell an endpoint who asked, through whom and how: X-Forwarded-…, Forwarded. What a trusted peer says
// is passed on or extended, and a route's edits are the last word.
#include "proxy/http/characters.h"
#include "proxy/serve/request_head.h"

namespace switchyard::serve {
namespace {

// The digits behind the last colon, if that is what stands there: a bare IPv6 address in brackets ends otherwise.
std::string_view port_in(std::string_view authority) {
    const auto colon = authority.rfind(':');
    if (colon == authority.npos) return {};
    const auto port = authority.substr(colon + 1);
    return http::all(port, http::kDigit) ? port : std::string_view{};
}

constexpr std::uint32_t bit(http::FieldName name) {
    return 1u << static_cast<unsigned>(name);
}

// A port of our own goes with a scheme and host of our own: beside edited ones it could contradict them.
constexpr std::uint32_t kNoPortBeside = bit(http::FieldName::x_forwarded_port) |
                                        bit(http::FieldName::x_forwarded_proto) |
                                        bit(http::FieldName::x_forwarded_host);

}  // namespace

// Which of the trusted peer's two lists about the client counts. Where the listener names another header, neither: who
// sets that one need not watch over these.
bool RequestHead::reads_forwarded_for() const {
    return listener_.client_header.empty() || listener_.client_header == "x-forwarded-for";
}
bool RequestHead::reads_forwarded() const {
    return listener_.client_header.empty() || listener_.client_header == "forwarded";
}

// Where nothing else has a say: what most requests get, in few pieces.
void RequestHead::write_own_forwarding(http::HeadWriter& to) const {
    char text[64];
    to << "X-Forwarded-For: " << std::string_view(text, from_.client.address().write(text));
    const bool tls = from_.client.tls() != nullptr;
    if (tls)
        to << "\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: " << asked_.target.authority;
    else
        to << "\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: " << asked_.target.authority;
    if (!asked_.target.port.empty())
        to << "\r\nX-Forwarded-Port: " << asked_.target.port << "\r\n";
    else if (tls)
        to << "\r\nX-Forwarded-Port: 443\r\n";
    else
        to << "\r\nX-Forwarded-Port: 80\r\n";
}

// `host`, `proto`: what a trusted peer says of them and is passed on, or null.
void RequestHead::write_forwarding(http::HeadWriter& to, const http::Field* host, const http::Field* proto,
                                   bool port_given) const {
    using Name = http::FieldName;
    const route::Edits& edits = route_.request_edits;
    const std::string_view scheme = from_.client.tls() != nullptr ? "https" : "http";
    if (!edits.replaces(Name::x_forwarded_for)) write_forwarded_for(to);
    if (proto == nullptr && !edits.replaces(Name::x_forwarded_proto))
        to << "X-Forwarded-Proto: " << (asked_.said_scheme.empty() ? scheme : asked_.said_scheme) << "\r\n";
    // Who named no host asked for none.
    if (!asked_.target.authority.empty()) {
        if (host == nullptr && !edits.replaces(Name::x_forwarded_host))
            to << "X-Forwarded-Host: " << asked_.target.authority << "\r\n";
        if (!port_given && (edits.known & kNoPortBeside) == 0)
            to << "X-Forwarded-Port: " << forwarded_port(host, proto) << "\r\n";
    }
    if (!listener_.forwarded || edits.replaces(Name::forwarded)) return;
    char text[64];
    const auto& peer = from_.client.address();
    const std::string_view client = peer.is_ip ? std::string_view(text, peer.write(text)) : "unknown";
    const bool v6 = client.find(':') != client.npos;
    to << "Forwarded: for=" << (v6 ? "\"[" : "") << client << (v6 ? "]\"" : "") << ";proto=" << scheme;
    if (!asked_.target.authority.empty()) to << ";host=\"" << asked_.target.authority << '"';
    to << "\r\n";
}

// The list that the peer brought, then the peer. One that came by a unix socket has no address, and stands for the one
// it names.
void RequestHead::write_forwarded_for(http::HeadWriter& to) const {
    char text[64];
    const auto& peer = from_.client.address();
    to << "X-Forwarded-For: ";
    bool any = false;
    if (asked_.trusted_peer) {
        for (std::uint16_t i = 0; reads_forwarded_for() && i < asked_.head.field_count; ++i) {
            if (asked_.head.fields[i].id != http::FieldName::x_forwarded_for) continue;
            std::string_view list = asked_.head.fields[i].value.of(base());
            while (!list.empty() && (list.back() == ',' || list.back() == ' ' || list.back() == '\t'))
                list.remove_suffix(1);
            if (list.empty()) continue;
            to << (any ? ", " : "") << list;
            any = true;
        }
        if (!any && asked_.facts.client.is_ip && asked_.facts.client != peer) {
            to << std::string_view(text, asked_.facts.client.write(text));
            any = true;
        }
    }
    if (peer.is_ip)
        to << (any ? ", " : "") << std::string_view(text, peer.write(text));
    else if (!any)
        to << "unknown";
    to << "\r\n";
}

// Of what the client asked for: the peer knows better than our own socket.
std::string_view RequestHead::forwarded_port(const http::Field* host, const http::Field* proto) const {
    // Of several the first is what the client asked the first of them for.
    const auto first_of = [this](const http::Field& field) {
        std::string_view list = field.value.of(base());
        return http::take_member(list);
    };
    const std::string_view port = host == nullptr ? asked_.target.port : port_in(first_of(*host));
    if (!port.empty()) return port;
    if (proto == nullptr && asked_.said_scheme.empty()) return from_.client.tls() != nullptr ? "443" : "80";
    const auto used = proto == nullptr ? asked_.said_scheme : first_of(*proto);
    return http::equals_lower(used, "https") || http::equals_lower(used, "wss") ? "443" : "80";
}

}  // namespace switchyard::serve
