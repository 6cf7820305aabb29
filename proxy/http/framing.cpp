#include "proxy/http/framing.h"

#include <algorithm>

#include "proxy/http/characters.h"

namespace switchyard::http {
namespace {

// Fields that Connection may not take away: without them the message would change its meaning (RFC 9110 §7.6.1
// forbids to list them; a list that does is an attempt to have them removed).
bool may_not_be_named(FieldName name) {
    switch (name) {
        case FieldName::authorization:
        case FieldName::content_length:
        case FieldName::cookie:
        case FieldName::expect:
        case FieldName::forwarded:
        case FieldName::host:
        case FieldName::max_forwards:
        case FieldName::transfer_encoding:
        case FieldName::via:
        case FieldName::x_forwarded_for:
        case FieldName::x_forwarded_host:
        case FieldName::x_forwarded_port:
        case FieldName::x_forwarded_proto:
        case FieldName::x_request_id:
            return true;
        default:
            return false;
    }
}

struct ConnectionOptions {
    bool close = false;
    bool keep_alive = false;
    bool upgrade = false;
    bool bad = false;
};

// Reads every Connection line; fields named there are marked as dropped.
ConnectionOptions read_connection(const char* base, Head& head) {
    ConnectionOptions options;
    each_member(base, head, FieldName::connection, [&](std::string_view option) {
        if (!all(option, kToken)) {
            options.bad = true;
        } else if (equals_lower(option, "close")) {
            options.close = true;
        } else if (equals_lower(option, "keep-alive")) {
            options.keep_alive = true;
        } else if (equals_lower(option, "upgrade")) {
            options.upgrade = true;
        } else if (may_not_be_named(field_name(option))) {
            options.bad = true;
        } else {
            for (std::uint16_t f = 0; f < head.field_count; ++f)
                if (equals_ignoring_case(head.fields[f].name.of(base), option)) head.fields[f].drop = true;
        }
        return true;
    });
    return options;
}

constexpr const char* kUnknownCoding = "a transfer-encoding other than chunked before it";

// Other codings, and chunked behind them: a message whose end is known and whose contents are not.
[[gnu::cold, gnu::noinline]] bool ends_in_chunked(std::string_view codings) {
    bool last = false, good = !codings.ends_with(',');
    while (!codings.empty()) {
        good = good && !last;
        const std::string_view coding = take_member(codings);
        last = equals_lower(coding, "chunked");
        good = good && !coding.empty() && all(coding, kToken);
    }
    return good && last;
}

// Transfer-Encoding and Content-Length, the same rules in both directions. Null when fine.
const char* read_length(const char* base, const Head& head, Body& body) {
    const Field* encoding = head.find(FieldName::transfer_encoding);
    const Field* length = head.find(FieldName::content_length);
    if (encoding != nullptr) {
        if (head.minor == 0) return "transfer-encoding in HTTP/1.0";
        if (length != nullptr) return "both transfer-encoding and content-length";
        if (head.count(FieldName::transfer_encoding) > 1) return "more than one transfer-encoding";
        const std::string_view codings = encoding->value.of(base);
        if (!equals_lower(codings, "chunked"))
            return ends_in_chunked(codings) ? kUnknownCoding : "a transfer-encoding other than chunked";
        body.kind = Body::Kind::chunked;
        return nullptr;
    }
    if (length != nullptr) {
        if (head.count(FieldName::content_length) > 1) return "more than one content-length";
        if (!parse_content_length(length->value.of(base), body.length)) return "a content-length that is not a number";
        body.kind = Body::Kind::length;
    }
    return nullptr;
}

// Do names of more than one word that we know begin like that? Most that come are spared the search.
constexpr bool may_begin_known(char c) {
    constexpr std::uint32_t kFirst = [] {
        std::uint32_t bits = 0;
        for (const char first : std::string_view("cfhkmprtwx")) bits |= 1u << (first & 31);
        return bits;
    }();
    return (kFirst >> (c & 31) & 1u) != 0;  // of either case
}

// What a name means to recipients that read '_' as '-', as CGI and its heirs do; `other` where they have no choice.
FieldName read_loosely(std::string_view name) {
    constexpr std::size_t kShortest = 8, kLongest = 64;  // x-scheme; of X-Forwarded-… no known one comes near
    if (name.size() < kShortest || name.size() > kLongest || !may_begin_known(name[0]) || name.find('_') == name.npos)
        return FieldName::other;
    char folded[kLongest];
    std::replace_copy(name.begin(), name.end(), folded, '_', '-');
    return field_name({folded, name.size()});
}

const char* mark_fields(const char* base, Head& head) {
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        Field& field = head.fields[i];
        if (is_hop_by_hop(field.id)) field.drop = true;
        if (field.id != FieldName::other) continue;
        switch (read_loosely(field.name.of(base))) {
            case FieldName::other:
                break;
            case FieldName::content_length:
            case FieldName::transfer_encoding:
                return "a framing field spelt with an underscore";
            default:
                field.drop = true;  // beside the field that we write, it would speak for another client
        }
    }
    return nullptr;
}

void drop_all(Head& head, FieldName name) {
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        if (head.fields[i].id == name) head.fields[i].drop = true;
}

bool is_token(std::string_view text) {
    return !text.empty() && all(text, kToken);
}

// Gives the name of each protocol in the Upgrade fields (RFC 9110 §7.8) to `each`. False when there is none, one is
// malformed, or `each` says so.
template <typename Each>
bool every_protocol(const char* base, const Head& head, Each each) {
    bool any = false;
    return each_member(base, head, FieldName::upgrade,
                       [&](std::string_view protocol) {
                           any = true;
                           const auto slash = protocol.find('/');
                           const std::string_view name = protocol.substr(0, slash);
                           return is_token(name) && (slash == protocol.npos || is_token(protocol.substr(slash + 1))) &&
                                  each(name);
                       }) &&
           any;
}

// May this offer be passed on? Not h2c: in its tunnel requests would pass that no route, limit or log ever sees
// (RFC 9113 §3.1 retired it). A client that offers something must bear that it is not taken up.
bool may_be_offered(const char* base, const Head& head) {
    return every_protocol(base, head, [](std::string_view name) { return !equals_lower(name, "h2c"); });
}

}  // namespace

bool parse_content_length(std::string_view text, std::uint64_t& length) {
    if (text.empty() || text.size() > 18 || !all(text, kDigit)) return false;
    if (text.size() > 1 && text[0] == '0') return false;
    length = 0;
    for (char c : text) length = length * 10 + static_cast<std::uint64_t>(c - '0');
    return true;
}

bool parse_max_forwards(const char* base, const Head& head, std::uint64_t& left) {
    constexpr std::uint64_t kMost = 999'999'999'999'999'999;
    if (head.count(FieldName::max_forwards) != 1) return false;
    const std::string_view text = head.find(FieldName::max_forwards)->value.of(base);
    if (text.empty() || !all(text, kDigit)) return false;
    left = 0;
    for (char c : text) left = std::min(kMost, left * 10 + static_cast<std::uint64_t>(c - '0'));
    return true;
}

unsigned passes_by(const char* base, const Head& head, std::string_view proxy) {
    unsigned times = 0;
    each_member(base, head, FieldName::via, [&](std::string_view member) {
        const auto space = member.find_first_of(" \t");  // received-protocol RWS received-by [ RWS comment ]
        if (space == member.npos) return true;
        const std::string_view by = trim(member.substr(space));
        times += by.substr(0, by.find_first_of(" \t")) == proxy;
        return true;
    });
    return times;
}

bool passed_cdn(const char* base, const Head& head, std::string_view cdn) {
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        if (!equals_lower(head.fields[i].name.of(base), "cdn-loop")) continue;
        std::string_view rest = head.fields[i].value.of(base);
        while (!rest.empty()) {
            const auto comma = rest.find(',');
            const std::string_view member = rest.substr(0, comma);  // cdn-id *( OWS ";" OWS parameter )
            if (equals_lower(trim(member.substr(0, member.find(';'))), cdn)) return true;
            rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
        }
    }
    return false;
}

bool binds_connection(const char* base, const Head& head) {
    for (const auto name : {FieldName::authorization, FieldName::proxy_authorization, FieldName::www_authenticate,
                            FieldName::proxy_authenticate}) {
        const bool none = each_member(base, head, name, [](std::string_view member) {
            const std::string_view scheme = member.substr(0, member.find_first_of(" \t"));
            return !equals_lower(scheme, "ntlm") && !equals_lower(scheme, "negotiate") &&
                   !equals_lower(scheme, "nego2");
        });
        if (!none) return true;
    }
    return false;
}

bool offered_upgrade(const char* request_base, const Head& request, const char* response_base, const Head& response) {
    return every_protocol(response_base, response, [&](std::string_view chosen) {
        bool offered = false;
        every_protocol(request_base, request, [&](std::string_view name) {
            offered = offered || equals_ignoring_case(name, chosen);
            return true;
        });
        return offered;
    });
}

Guarded guard_request(const char* base, Head& head) {
    Guarded out;
    auto refuse = [&out](const char* why, std::uint16_t status = 400) {
        out.refused = why;
        out.status = status;
        out.keep_alive = false;
        return out;
    };
    if (const char* why = mark_fields(base, head)) return refuse(why);
    if (const char* why = read_length(base, head, out.body)) return refuse(why, why == kUnknownCoding ? 501 : 400);
    const bool connect = head.method.of(base) == "CONNECT";
    if (connect && !out.body.empty()) return refuse("CONNECT with a body");

    constexpr std::uint32_t governing =
        1u << static_cast<unsigned>(FieldName::connection) | 1u << static_cast<unsigned>(FieldName::upgrade) |
        1u << static_cast<unsigned>(FieldName::expect) | 1u << static_cast<unsigned>(FieldName::proxy);
    // What stands behind a CONNECT was meant for the tunnel: when there is none, it must not be read as requests.
    out.keep_alive = head.minor == 1 && !connect;
    if ((head.known & governing) == 0) return out;

    const ConnectionOptions options = read_connection(base, head);
    if (options.bad) return refuse("connection names a field it may not take away");
    if (head.minor == 0) out.keep_alive = options.keep_alive && !options.close;
    if (options.close || connect) out.keep_alive = false;
    // An offer may be passed over (RFC 9110 §7.8). One with a body is: no two recipients agree where the body ends and
    // the new protocol begins; and HTTP clients that would like HTTP/2 make it with any request, a POST as well.
    out.upgrade = options.upgrade && head.minor == 1 && out.body.empty() && !connect && may_be_offered(base, head);
    if (const Field* expect = head.find(FieldName::expect)) {
        if (head.count(FieldName::expect) > 1 || !equals_lower(expect->value.of(base), "100-continue"))
            return refuse("an expectation other than 100-continue", 417);
        out.expect_continue = head.minor == 1;
        if (head.minor == 0) drop_all(head, FieldName::expect);  // to be ignored (RFC 9110 §10.1.1)
    }
    // CGI programs read a Proxy field as HTTP_PROXY ("httpoxy"); no request needs it.
    drop_all(head, FieldName::proxy);
    return out;
}

Guarded guard_response(const char* base, Head& head, std::string_view request_method) {
    Guarded out;
    auto refuse = [&out](const char* why) {
        out.refused = why;
        out.status = 502;
        out.keep_alive = false;
        return out;
    };
    if (const char* why = mark_fields(base, head)) return refuse(why);
    bool speaks_of_more = false;
    if (const char* const why = read_length(base, head, out.body); head.status == 204) {
        // RFC 9112 §6.3: a 204 ends at its empty line whatever its fields say. An endpoint that speaks of more may send
        // more: the connection is not used again.
        speaks_of_more = why != nullptr || !out.body.empty();
        if (speaks_of_more) {
            out.body = {};
            drop_all(head, FieldName::transfer_encoding);
        }
    } else if (why != nullptr) {
        return refuse(why);
    }
    ConnectionOptions options;
    if (head.has(FieldName::connection)) {
        options = read_connection(base, head);
        if (options.bad) return refuse("connection names a field it may not take away");
    }
    options.close = options.close || speaks_of_more;
    out.keep_alive = head.minor == 1 ? !options.close : options.keep_alive && !options.close;
    out.upgrade = options.upgrade && head.has(FieldName::upgrade) && head.minor == 1;

    const bool informational = head.status < 200;
    if (informational || head.status == 204) {
        // These never have a body; a length on them is either junk or an attack on a recipient that believes it.
        if (!out.body.empty()) return refuse("a body on a status that has none");
        out.body = {};
        drop_all(head, FieldName::content_length);  // RFC 9110 §8.6
        return out;
    }
    if (request_method == "CONNECT" && head.status < 300) {
        out.body = {};
        drop_all(head, FieldName::content_length);  // RFC 9110 §9.3.6: there is a tunnel, and no length
        out.upgrade = true;
        return out;
    }
    if (head.status == 304 || request_method == "HEAD") {
        out.body = {};  // Content-Length stays in the head: it says what a GET would have got
        return out;
    }
    if (out.body.kind == Body::Kind::none) {
        out.body.kind = Body::Kind::until_close;
        out.keep_alive = false;
    }
    return out;
}

}  // namespace switchyard::http
