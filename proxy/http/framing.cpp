#include "proxy/http/framing.h"

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
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        if (head.fields[i].id != FieldName::connection) continue;
        std::string_view rest = head.fields[i].value.of(base);
        while (!rest.empty()) {
            const auto comma = rest.find(',');
            const std::string_view option = trim(rest.substr(0, comma));
            rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
            if (option.empty()) continue;
            if (!all(option, kToken)) {
                options.bad = true;
            } else if (equals_lower(option, "close")) {
                options.close = true;
            } else if (equals_lower(option, "keep-alive")) {
                options.keep_alive = true;
            } else if (equals_lower(option, "upgrade")) {
                options.upgrade = true;
            } else {
                const FieldName named = field_name(option);
                if (may_not_be_named(named)) {
                    options.bad = true;
                    continue;
                }
                for (std::uint16_t f = 0; f < head.field_count; ++f) {
                    const auto name = head.fields[f].name.of(base);
                    if (name.size() != option.size()) continue;
                    bool same = true;
                    for (std::size_t c = 0; c < name.size() && same; ++c) same = lower(name[c]) == lower(option[c]);
                    if (same) head.fields[f].drop = true;
                }
            }
        }
    }
    return options;
}

// Transfer-Encoding and Content-Length, the same rules in both directions. Null when fine.
const char* read_length(const char* base, const Head& head, Body& body) {
    const Field* encoding = head.find(FieldName::transfer_encoding);
    const Field* length = head.find(FieldName::content_length);
    if (encoding != nullptr) {
        if (head.minor == 0) return "transfer-encoding in HTTP/1.0";
        if (length != nullptr) return "both transfer-encoding and content-length";
        if (head.count(FieldName::transfer_encoding) > 1) return "more than one transfer-encoding";
        if (!equals_lower(encoding->value.of(base), "chunked")) return "a transfer-encoding other than chunked";
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

// Names that some recipients fold into the framing fields by reading '_' as '-'.
bool looks_like_framing(std::string_view name) {
    return (name.size() == 17 && equals_lower(name, "transfer_encoding")) ||
           (name.size() == 14 && equals_lower(name, "content_length"));
}

const char* mark_fields(const char* base, Head& head) {
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        Field& field = head.fields[i];
        if (is_hop_by_hop(field.id)) field.drop = true;
        if (field.id == FieldName::other && looks_like_framing(field.name.of(base)))
            return "a framing field spelt with an underscore";
    }
    return nullptr;
}

}  // namespace

bool parse_content_length(std::string_view text, std::uint64_t& length) {
    if (text.empty() || text.size() > 18 || !all(text, kDigit)) return false;
    if (text.size() > 1 && text[0] == '0') return false;
    length = 0;
    for (char c : text) length = length * 10 + static_cast<std::uint64_t>(c - '0');
    return true;
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
    if (const char* why = read_length(base, head, out.body)) return refuse(why);

    constexpr std::uint32_t governing =
        1u << static_cast<unsigned>(FieldName::connection) | 1u << static_cast<unsigned>(FieldName::upgrade) |
        1u << static_cast<unsigned>(FieldName::expect) | 1u << static_cast<unsigned>(FieldName::proxy);
    out.keep_alive = head.minor == 1;
    if ((head.known & governing) == 0) return out;

    const ConnectionOptions options = read_connection(base, head);
    if (options.bad) return refuse("connection names a field it may not take away");
    if (head.minor == 0) out.keep_alive = options.keep_alive && !options.close;
    if (options.close) out.keep_alive = false;
    out.upgrade = options.upgrade && head.has(FieldName::upgrade) && head.minor == 1;
    // RFC 9110 §7.8 allows it, but no two recipients agree where the body ends and the new protocol begins.
    if (out.upgrade && out.body.kind != Body::Kind::none &&
        !(out.body.kind == Body::Kind::length && out.body.length == 0))
        return refuse("an upgrade with a body");
    if (const Field* expect = head.find(FieldName::expect)) {
        if (head.count(FieldName::expect) > 1 || !equals_lower(expect->value.of(base), "100-continue"))
            return refuse("an expectation other than 100-continue", 417);
        out.expect_continue = head.minor == 1;
    }
    // CGI programs read a Proxy field as HTTP_PROXY ("httpoxy"); no request needs it.
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        if (head.fields[i].id == FieldName::proxy) head.fields[i].drop = true;
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
    if (const char* why = read_length(base, head, out.body)) return refuse(why);
    ConnectionOptions options;
    if (head.has(FieldName::connection)) {
        options = read_connection(base, head);
        if (options.bad) return refuse("connection names a field it may not take away");
    }
    out.keep_alive = head.minor == 1 ? !options.close : options.keep_alive && !options.close;
    out.upgrade = options.upgrade && head.has(FieldName::upgrade);

    const bool informational = head.status < 200;
    if (informational || head.status == 204) {
        // These never have a body; a length on them is either junk or an attack on whoever believes it.
        if (out.body.kind == Body::Kind::chunked || (out.body.kind == Body::Kind::length && out.body.length > 0))
            return refuse("a body on a status that has none");
        out.body = {};
        for (std::uint16_t i = 0; i < head.field_count; ++i)
            if (head.fields[i].id == FieldName::content_length) head.fields[i].drop = true;  // RFC 9110 §8.6
        return out;
    }
    if (request_method == "CONNECT" && head.status < 300) {
        out.body = {};
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
