#include "proxy/http/field_name.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <string>

using namespace switchyard::http;

namespace {

struct Known {
    const char* name;
    FieldName id;
    bool hop_by_hop;
};

constexpr Known kKnown[] = {
    {"authorization", FieldName::authorization, false},
    {"connection", FieldName::connection, true},
    {"content-length", FieldName::content_length, false},
    {"cookie", FieldName::cookie, false},
    {"date", FieldName::date, false},
    {"expect", FieldName::expect, false},
    {"forwarded", FieldName::forwarded, false},
    {"host", FieldName::host, false},
    {"http2-settings", FieldName::http2_settings, true},
    {"keep-alive", FieldName::keep_alive, true},
    {"max-forwards", FieldName::max_forwards, false},
    {"proxy", FieldName::proxy, false},
    {"proxy-authenticate", FieldName::proxy_authenticate, false},
    {"proxy-authorization", FieldName::proxy_authorization, false},
    {"proxy-connection", FieldName::proxy_connection, true},
    {"retry-after", FieldName::retry_after, false},
    {"server", FieldName::server, false},
    {"te", FieldName::te, true},
    {"trailer", FieldName::trailer, true},
    {"transfer-encoding", FieldName::transfer_encoding, true},
    {"upgrade", FieldName::upgrade, true},
    {"via", FieldName::via, false},
    {"www-authenticate", FieldName::www_authenticate, false},
    {"x-forwarded-for", FieldName::x_forwarded_for, false},
    {"x-forwarded-host", FieldName::x_forwarded_host, false},
    {"x-forwarded-port", FieldName::x_forwarded_port, false},
    {"x-forwarded-proto", FieldName::x_forwarded_proto, false},
    {"x-request-id", FieldName::x_request_id, false},
};

}  // namespace

TEST_CASE("every known name is recognised in any case, and says whether it goes further") {
    // One row per enumerator but `other`.
    static_assert(std::size(kKnown) == static_cast<std::size_t>(FieldName::x_request_id));
    for (const Known& known : kKnown) {
        CAPTURE(known.name);
        std::string upper(known.name);
        std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
        CHECK(field_name(known.name) == known.id);
        CHECK(field_name(upper) == known.id);
        CHECK(is_hop_by_hop(known.id) == known.hop_by_hop);
    }
    CHECK_FALSE(is_hop_by_hop(FieldName::other));
}

TEST_CASE("a name with one octet changed is not that name, unless only the case has changed") {
    for (const Known& known : kKnown) {
        for (std::size_t at = 0; known.name[at] != '\0'; ++at) {
            for (unsigned octet = 0; octet < 256; ++octet) {
                std::string changed(known.name);
                changed[at] = static_cast<char>(octet);
                const bool same = std::tolower(static_cast<int>(octet)) == known.name[at];
                if ((field_name(changed) == known.id) == same) continue;
                CAPTURE(changed);
                CAPTURE(octet);
                FAIL_CHECK("taken for what it is not, or not for what it is");
            }
        }
    }
}

TEST_CASE("the relatives of X-Forwarded-For are claims") {
    for (const char* name : {"client-cert",
                             "client-cert-chain",
                             "client-ip",
                             "cf-connecting-ip",
                             "cf-connecting-ipv6",
                             "fastly-client-ip",
                             "fly-client-ip",
                             "forwarded-for",
                             "front-end-https",
                             "proxy-client-ip",
                             "true-client-ip",
                             "wl-proxy-client-ip",
                             "x-client-ip",
                             "x-cluster-client-ip",
                             "x-envoy-external-address",
                             "x-envoy-original-path",
                             "x-forwarded",
                             "x-forwarded-by",
                             "x-forwarded-anything-at-all",
                             "x-original-for",
                             "x-original-forwarded-for",
                             "x-original-host",
                             "x-original-proto",
                             "x-original-uri",
                             "x-original-url",
                             "x-real-ip",
                             "x-remote-addr",
                             "x-remote-ip",
                             "x-rewrite-url",
                             "x-scheme",
                             "x-url-scheme"}) {
        CAPTURE(name);
        std::string upper(name);
        std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
        CHECK(field_name(name) == FieldName::claim);
        CHECK(field_name(upper) == FieldName::claim);
        CHECK(field_name(std::string(name).substr(1)) == FieldName::other);
        CHECK(is_said_by_proxies(field_name(name)));
    }
    CHECK(field_name("x-forwarded-") == FieldName::other);
    CHECK(field_name("x-real-ip-2") == FieldName::other);
    CHECK(field_name("x") == FieldName::other);
}

TEST_CASE("a name that differs in one letter, or is longer or shorter, is another one") {
    for (const Known& known : kKnown) {
        const std::string name(known.name);
        CAPTURE(name);
        for (std::size_t i = 0; i < name.size(); ++i) {
            std::string other = name;
            other[i] = other[i] == 'q' ? 'j' : 'q';
            // Of the great family every name is one, known or not.
            const bool family = other.starts_with("x-forwarded-");
            CHECK(field_name(other) == (family ? FieldName::claim : FieldName::other));
        }
        CHECK(field_name(name + 's') == (name.starts_with("x-forwarded-") ? FieldName::claim : FieldName::other));
        CHECK(field_name(name.substr(1)) == FieldName::other);
    }
    CHECK(field_name("") == FieldName::other);
    CHECK(field_name("transfer_encoding") == FieldName::other);
}
