#include "proxy/http/field_name.h"

#include <cstring>

#include "proxy/http/characters.h"

namespace switchyard::http {
namespace {

// A name in lower case as the words it is compared by: the last one begins so that it ends with the name. Where a
// letter stands, the bit by which the cases differ is of no account.
class Known {
  public:
    consteval Known(const char* text) : text_(text) {  // implicit: it stands for a word
        for (std::size_t i = 0; i < kMost && text_.size() >= 8; ++i)
            for (std::size_t k = 0; k < 8; ++k) {
                const auto c = static_cast<unsigned char>(text[at(i) + k]);
                words_[i] |= std::uint64_t{c} << 8 * k;
                if (c < 'a' || c > 'z')
                    exact_[i] |= std::uint64_t{0xff} << 8 * k;
                else
                    exact_[i] |= std::uint64_t{0xdf} << 8 * k;
            }
    }
    [[gnu::always_inline]] bool is(std::string_view name) const {
        if (name.size() != text_.size()) return false;
        if (text_.size() < 8) return equals_lower(name, text_);
        std::uint64_t differs = (word_at(name.data()) ^ words_[0]) & exact_[0];
        if (text_.size() > 16) differs |= (word_at(name.data() + at(1)) ^ words_[1]) & exact_[1];
        if (text_.size() > 8) differs |= (word_at(name.data() + at(2)) ^ words_[2]) & exact_[2];
        return differs == 0;
    }

  private:
    static constexpr std::size_t kMost = 3;
    constexpr std::size_t at(std::size_t word) const {
        return word == 0 ? 0 : word == 1 && text_.size() > 16 ? 8 : text_.size() - 8;
    }
    std::string_view text_;  // 24 octets at most
    std::uint64_t words_[kMost] = {}, exact_[kMost] = {};
};

// Names that begin with "x-".
FieldName x_name(std::string_view name) {
    using enum FieldName;
    constexpr std::string_view kFamily = "x-forwarded-";
    auto is = [name](const Known& known) __attribute__((always_inline)) {
        return known.is(name);
    };
    if (name.size() > kFamily.size() && Known("x-forwarded-").is(name.substr(0, kFamily.size()))) {
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
    auto when = [name](const Known& known, FieldName id) __attribute__((always_inline)) {
        return known.is(name) ? id : other;
    };
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
                    return Known("forwarded-for").is(name) ? claim : when("fly-client-ip", claim);
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
