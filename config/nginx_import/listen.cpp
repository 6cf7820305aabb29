#include "config/nginx_import/listen.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "config/check/http_syntax.h"
#include "config/model.h"
#include "config/model/cidr.h"
#include "config/model/limits.h"
#include "config/nginx_import/values.h"
#include "config/text/duration.h"

namespace switchyard::config::nginx {

namespace {

constexpr std::uint16_t kHttpPort = 80;

std::optional<Address> listen_address(const std::string& text, std::string* why) {
    if (text.starts_with("unix:")) return Address::parse(text, why);
    if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos)
        return Address::parse("0.0.0.0:" + text, why);
    std::string full = text.starts_with('*') ? "0.0.0.0" + text.substr(1) : text;
    const auto colon = full.find(':', full.starts_with('[') ? full.find(']') : 0);
    if (colon == std::string::npos) full += fmt::format(":{}", kHttpPort);
    return Address::parse(full, why);
}

Duration clamped(std::optional<Duration> value, Duration fallback) {
    return std::clamp(value.value_or(fallback), Duration{1}, Duration{limits::kDuration});
}

// set_real_ip_from and real_ip_header, of which the innermost counts. Whether it is the PROXY header that names
// clients.
bool trust(Listener& listener, const std::vector<const Directive*>& real_ip, Notes& notes) {
    std::string header = "X-Real-IP";  // nginx's own default
    for (const Directive* directive : real_ip) {
        const std::string& word = directive->arg(0);
        std::string why;
        if (directive->name == "real_ip_header")
            header = word;
        else if (word == "unix:")
            listener.trusted_proxies.emplace_back(kUnixPeers);
        else if (Cidr::parse(word, &why))
            listener.trusted_proxies.push_back(word);
        else
            notes.lost(*directive, why);
    }
    const bool other = header != "proxy_protocol" && !same_header(header, "X-Forwarded-For");
    if (!listener.trusted_proxies.empty() && other && is_token(header)) listener.client_header = header;
    return header == "proxy_protocol" && !listener.trusted_proxies.empty();
}

// In nginx a PROXY header is read from every peer, and believed of those that set_real_ip_from names.
void believe_introductions(Listener& listener, bool named, std::vector<std::string> peers, const Listen& listen,
                           Notes& notes) {
    if (!named)
        return notes.changed(*listen.origin,
                             "the PROXY header of every peer names the client here, in nginx only with real_ip_header "
                             "proxy_protocol and of whom set_real_ip_from names: say so in proxy_protocol_from");
    listener.proxy_protocol_from = std::move(peers);
    listener.trusted_proxies.clear();
    notes.changed(*listen.origin,
                  "peers that set_real_ip_from does not name are refused, in nginx their PROXY header is read and not "
                  "believed; see proxy_protocol_others");
}

}  // namespace

std::vector<Listen> read_listens(const Directive& server, bool carried, Notes& notes) {
    std::vector<Listen> listens;
    for (const Directive& directive : server.children) {
        if (directive.name != "listen") continue;
        std::string why;
        const auto address = listen_address(directive.arg(0), &why);
        if (!address) {
            notes.lost(directive, why);
            continue;
        }
        Listen listen{*address, false, false, false, false, false, &directive, {}};
        bool quic = false;
        for (std::size_t i = 1; i < directive.args.size(); ++i) {
            const std::string& word = directive.args[i];
            if (word == "default_server" || word == "default") {
                listen.is_default = true;
            } else if (carried && word == "ssl") {
                listen.secure = true;
            } else if (carried && word == "quic") {
                quic = true;
                notes.lost(directive, "HTTP/3 is not spoken; clients come by TCP");
            } else if (word == "ssl" || word == "quic") {
                listen.tls = true;
                notes.lost(directive,
                           "without a certificate and its key as files this listener speaks plain HTTP: give it tls, "
                           "terminate TLS in front of it, or remove the listener. "
                           "X-Forwarded-Proto says https when the terminator sets it and stands in trusted_proxies");
            } else if (word == "http2" && std::ranges::find(directive.args, "ssl") != directive.args.end()) {
                notes.unneeded(directive, "a listener with tls offers HTTP/2 by itself");
            } else if (word == "http2") {
                listen.http2 = true;
            } else if (word == "spdy") {
                notes.lost(directive, "SPDY is not spoken; HTTP/2 has come in its place");
            } else if (word == "proxy_protocol") {
                listen.proxy_protocol = true;
            } else if (word != "reuseport" && !word.starts_with("backlog=") && !word.starts_with("ipv6only=") &&
                       word != "deferred" && !word.starts_with("rcvbuf=") && !word.starts_with("sndbuf=") &&
                       !word.starts_with("so_keepalive=") && word != "bind" && !word.starts_with("fastopen=")) {
                notes.lost(directive, fmt::format("\"{}\" has no counterpart", word));
            } else {
                notes.unneeded(directive, fmt::format("\"{}\": Switchyard decides this by itself", word));
            }
        }
        if (!quic) listens.push_back(listen);
    }
    // A server of whose addresses none can be carried over listens nowhere, not on the port that nginx gives to those
    // that say nothing.
    const bool says = std::ranges::any_of(server.children, [](const Directive& d) { return d.name == "listen"; });
    if (!says)
        listens.push_back(
            {{Address::Kind::ipv4, "0.0.0.0", kHttpPort}, false, false, false, false, false, &server, {}});
    return listens;
}

namespace {

// Empty: what a listener of that kind speaks by itself, over TLS both.
std::vector<std::string> protocols_of(const Listen& listen, const Settings& settings) {
    const Directive* const http2 = settings.find("http2");
    const bool on = http2 != nullptr && http2->arg(0) == "on";
    if (listen.secure) return http2 != nullptr && !on ? std::vector{std::string(kHttp1)} : std::vector<std::string>{};
    if (listen.tls || !(on || listen.http2)) return {};
    return {std::string(kHttp2), std::string(kHttp1)};
}

}  // namespace

std::string add_listener(Model& model, const Listen& listen, const Settings& settings,
                         const std::vector<const Directive*>& real_ip, Notes& notes) {
    const auto same = std::ranges::find(model.listeners, listen.address, &Listener::bind);
    if (same != model.listeners.end()) {
        const bool introduced = std::exchange(same->proxy_protocol, same->proxy_protocol || listen.proxy_protocol);
        // Of a secure one nothing said is both: what one server leaves out is not taken from the others.
        if (!listen.secure && same->protocols.empty()) same->protocols = protocols_of(listen, settings);
        Listener other;
        Notes heard;  // the directives of an address that is shared are told of once
        const bool named = trust(other, real_ip, heard);
        // What one server at the address guards is not opened by another one that believes every peer.
        if (same->proxy_protocol && (!introduced || (named && same->proxy_protocol_from.empty())))
            believe_introductions(*same, named, other.trusted_proxies, listen, notes);
        if (other.client_header != same->client_header && !real_ip.empty())
            notes.lost(*real_ip.back(), "another server at this address finds its clients in another header");
        return same->name;
    }
    std::set<std::string> taken;
    for (const Listener& listener : model.listeners) taken.insert(listener.name);
    Listener listener;
    const bool any = listen.address.host == "0.0.0.0";
    listener.name = fresh_name(any ? fmt::format("port-{}", listen.address.port) : listen.address.text(), taken);
    listener.bind = listen.address;
    listener.proxy_protocol = listen.proxy_protocol;
    listener.protocols = protocols_of(listen, settings);
    if (const Directive* idle = settings.find("keepalive_timeout"))
        listener.idle_timeout = clamped(time_value(idle->arg(0)), listener.idle_timeout);
    if (const Directive* head = settings.find("client_header_timeout"))
        listener.head_timeout = clamped(time_value(head->arg(0)), listener.head_timeout);
    const bool named = trust(listener, real_ip, notes);
    if (listener.proxy_protocol) believe_introductions(listener, named, listener.trusted_proxies, listen, notes);
    model.listeners.push_back(listener);
    return listener.name;
}

}  // namespace switchyard::config::nginx
