#include "proxy/http/field_name.h"

#include "proxy/http/characters.h"

namespace switchyard::http {
namespace {

// Names that begin with "x-".
FieldName x_name(std::string_view name) {
    using enum FieldName;
    constexpr std::string_view kFamily = "x-forwarded-";
    auto is = [name](std::string_view known) { return equals_lower(name, known); };
    if (name.size() > kFamily.size() && equals_lower(name.substr(0, kFamily.size()), kFamily)) {
        const auto rest = name.substr(kFamily.size());
        if (equals_lower(rest, "for")) return x_forwarded_for;
        if (equals_lower(rest, "host")) return x_forwarded_host;
        if (equals_lower(rest, "port")) return x_forwarded_port;
        return equals_lower(rest, "proto") ? x_forwarded_proto : claim;
    }
    switch (name.size()) {
        case 8:
            return is("x-scheme") ? claim : other;
        case 9:
            return is("x-real-ip") ? claim : other;
        case 11:
            return is("x-client-ip") || is("x-forwarded") || is("x-remote-ip") ? claim : other;
        case 12:
            if (is("x-request-id")) return x_request_id;
            return is("x-url-scheme") ? claim : other;
        case 13:
            return is("x-rewrite-url") || is("x-remote-addr") ? claim : other;
        case 14:
            return is("x-original-url") || is("x-original-uri") || is("x-original-for") ? claim : other;
        case 15:
            return is("x-original-host") ? claim : other;
        case 16:
            return is("x-original-proto") ? claim : other;
        case 19:
            return is("x-cluster-client-ip") ? claim : other;
        case 21:
            return is("x-envoy-original-path") ? claim : other;
        case 24:
            return is("x-envoy-external-address") || is("x-original-forwarded-for") ? claim : other;
        default:
            return other;
    }
}

}  // namespace

FieldName field_name(std::string_view name) {
    using enum FieldName;
    auto when = [name](std::string_view known, FieldName id) { return equals_lower(name, known) ? id : other; };
    if (name.empty()) return other;
    const char first = lower(name[0]);
    if (first == 'x') return x_name(name);
    switch (name.size()) {
        case 2:
            return when("te", te);
        case 3:
            return when("via", via);
        case 4:
            return first == 'h' ? when("host", host) : when("date", date);
        case 5:
            return when("proxy", proxy);
        case 6:
            switch (first) {
                case 'e':
                    return when("expect", expect);
                case 'c':
                    return when("cookie", cookie);
                case 's':
                    return when("server", server);
                default:
                    return other;
            }
        case 7:
            return first == 'u' ? when("upgrade", upgrade) : when("trailer", trailer);
        case 9:
            return first == 'f' ? when("forwarded", forwarded) : when("client-ip", claim);
        case 10:
            return first == 'c' ? when("connection", connection) : when("keep-alive", keep_alive);
        case 11:
            return first == 'r' ? when("retry-after", retry_after) : when("client-cert", claim);
        case 12:
            return when("max-forwards", max_forwards);
        case 13:
            switch (first) {
                case 'a':
                    return when("authorization", authorization);
                case 'f':
                    return equals_lower(name, "forwarded-for") ? claim : when("fly-client-ip", claim);
                default:
                    return other;
            }
        case 14:
            switch (first) {
                case 'c':
                    return when("content-length", content_length);
                case 'h':
                    return when("http2-settings", http2_settings);
                default:
                    return when("true-client-ip", claim);
            }
        case 15:
            return first == 'f' ? when("front-end-https", claim) : when("proxy-client-ip", claim);
        case 16:
            switch (first) {
                case 'w':
                    return when("www-authenticate", www_authenticate);
                case 'c':
                    return when("cf-connecting-ip", claim);
                case 'f':
                    return when("fastly-client-ip", claim);
                default:
                    return when("proxy-connection", proxy_connection);
            }
        case 17:
            return first == 't' ? when("transfer-encoding", transfer_encoding) : when("client-cert-chain", claim);
        case 18:
            switch (first) {
                case 'p':
                    return when("proxy-authenticate", proxy_authenticate);
                case 'c':
                    return when("cf-connecting-ipv6", claim);
                default:
                    return when("wl-proxy-client-ip", claim);
            }
        case 19:
            return when("proxy-authorization", proxy_authorization);
        default:
            return other;
    }
}

}  // namespace switchyard::http
