#include "proxy/serve/request_head.h"

#include <algorithm>

#include "proxy/http/characters.h"
#include "proxy/http/grpc.h"
#include "proxy/serve/edit_lines.h"
#include "proxy/serve/kept_lines.h"

namespace switchyard::serve {
namespace {

// What is left of a path behind `prefix`, with the bytes the client sent where these lead to the same place as the
// path that was routed; else that path itself, escaped anew. A path that reached its route only when normalized would
// otherwise keep the prefix, or climb out of it.
std::string_view behind_prefix(std::string_view raw, std::string_view routed, std::string_view prefix,
                               std::string& scratch) {
    const bool plain = raw.starts_with(prefix);
    if (plain && raw.data() == routed.data()) return raw.substr(prefix.size());
    if (plain && http::normalize_path(raw.substr(prefix.size()).empty() ? "/" : raw.substr(prefix.size()), scratch) &&
        (scratch == routed.substr(prefix.size()) || (scratch == "/" && routed.size() == prefix.size())))
        return raw.substr(prefix.size());
    scratch.clear();
    for (const char c : routed.substr(std::min(prefix.size(), routed.size()))) {
        if (c != '%' && c != '?' && http::is(c, http::kTarget)) {
            scratch += c;
            continue;
        }
        scratch += '%';
        scratch += http::kHexDigits[static_cast<unsigned char>(c) >> 4];
        scratch += http::kHexDigits[static_cast<unsigned char>(c) & 15];
    }
    return scratch;
}

void write_path(http::HeadWriter& out, const route::Route& route, const route::Asked& asked) {
    const http::Target& target = asked.target;
    const std::string_view routed = asked.facts.path;
    if (!asked.rewritten.empty()) [[unlikely]] {
        out << asked.rewritten;
        return;
    }
    if (route.strip_prefix.empty() || !routed.starts_with(route.strip_prefix)) {
        out << target.path << target.tail;
        return;
    }
    std::string scratch;
    std::string_view rest = behind_prefix(target.path, routed, route.strip_prefix, scratch);
    out << route.replace_prefix;
    const bool bare = rest.empty() ? route.replace_prefix.empty() : rest[0] != '/';
    if (bare && (route.replace_prefix.empty() || route.replace_prefix.back() != '/')) {
        out << '/';
    } else if (!rest.empty() && rest[0] == '/' && !route.replace_prefix.empty() && route.replace_prefix.back() == '/') {
        rest.remove_prefix(1);
    }
    out << rest << target.tail;
}

}  // namespace

// What a trusted peer says of how the request came to it, and is passed on; and whether the client named a host.
struct RequestHead::Said {
    const http::Field *proto = nullptr, *host = nullptr;
    bool port = false, host_header = false;
};

[[gnu::always_inline]] inline bool RequestHead::keeps(const http::Field& field, Said& said) const {
    const bool keep = !field.drop;
    const bool peers = keep && asked_.trusted_peer;
    switch (field.id) {
        case http::FieldName::x_forwarded_for:  // is written anew
        case http::FieldName::x_request_id:
            return false;
        case http::FieldName::x_forwarded_proto:
            if (peers) said.proto = &field;
            return peers;
        case http::FieldName::x_forwarded_host:
            if (peers) said.host = &field;
            return peers;
        case http::FieldName::x_forwarded_port:
            if (peers) said.port = true;
            return peers;
        case http::FieldName::forwarded:
            return peers && reads_forwarded();
        case http::FieldName::claim:
            return peers && !(tells_certificate() && http::equals_lower(field.name.of(base()), "client-cert"));
        case http::FieldName::max_forwards:
            return keep && !asked_.counts_forwards();
        case http::FieldName::host:
            said.host_header = true;
            return keep;
        default:
            return keep;
    }
}

// What the endpoint should know beside what the client said; a route's edits are the last word.
[[gnu::always_inline]] inline void RequestHead::write_own_lines(http::HeadWriter& to, const Said& said) const {
    const route::Edits& edits = route_.request_edits;
    if (!said.host_header && !edits.replaces(http::FieldName::host))
        to << "Host: "
           << (asked_.target.authority.empty() ? std::string_view(from_.lease.endpoint()->configured)
                                               : asked_.target.authority)
           << "\r\n";
    if (only_we_say())
        write_own_forwarding(to);
    else
        write_forwarding(to, said.host, said.proto, said.port);
    if (!edits.replaces(http::FieldName::x_request_id)) to << "X-Request-Id: " << from_.id.text() << "\r\n";
    if (!edits.replaces(http::FieldName::via))
        to << (from_.client.framed() != nullptr ? "Via: 2.0 switchyard\r\n"
               : asked_.head.minor == 1         ? "Via: 1.1 switchyard\r\n"
                                                : "Via: 1.0 switchyard\r\n");
    to << from_.course.listener->cdn_loop.field;
    if (asked_.forwards_left > 0 && !edits.replaces(http::FieldName::max_forwards))
        to << "Max-Forwards: " << asked_.forwards_left - 1 << "\r\n";
    if (asked_.guarded.body.kind == http::Body::Kind::chunked) {
        to << "Transfer-Encoding: chunked\r\n";
        write_announcement(to, trailers_);
    }
    if (tells_certificate() && !edits.replaces_loosely("client-cert"))
        to << "Client-Cert: " << asked_.facts.certificate->field << "\r\n";
    if (asked_.guarded.upgrade) write_upgrade(to);
    if (framed_) [[unlikely]]
        write_te(to);
}

void RequestHead::write_upgrade(http::HeadWriter& to) const {
    for (std::uint16_t i = 0; i < asked_.head.field_count; ++i)
        if (asked_.head.fields[i].id == http::FieldName::upgrade)
            to << "Upgrade: " << asked_.head.fields[i].value.of(base()) << "\r\n";
    to << "Connection: upgrade\r\n";
}

// The one thing that may be said of how an answer may come (RFC 9113 §8.2.2): the client reads trailers.
void RequestHead::write_te(http::HeadWriter& to) const {
    bool reads_trailers = false;
    http::each_member(base(), asked_.head, http::FieldName::te, [&](std::string_view member) {
        reads_trailers = reads_trailers || http::equals_lower(member, "trailers");
        return true;
    });
    if (reads_trailers) to << "TE: trailers\r\n";
}

bool RequestHead::write(net::Buffer& out) const {
    http::HeadWriter to(out.room());
    to << asked_.method() << ' ';
    if (asked_.target.form == http::Target::Form::authority)
        to << asked_.target.authority;
    else
        write_path(to, route_, asked_);
    to << " HTTP/1.1\r\n";

    const route::Edits& edits = route_.request_edits;
    const bool again = asked_.grpc.tried_before();
    const bool edited = !edits.names.empty() || again;
    Said said;
    KeptLines lines(to, base());
    for (std::uint16_t i = 0; i < asked_.head.field_count; ++i) {
        const http::Field& field = asked_.head.fields[i];
        if (!keeps(field, said) ||
            (edited && (edits.replaces_loosely(field.name.of(base())) || (again && is_of_attempt(field)))))
            lines.flush();
        else
            lines.keep(field);
    }
    lines.flush();
    write_own_lines(to, said);
    if (again) [[unlikely]]
        write_attempt(to);
    write_edits(to, edits, from_);
    to << "\r\n";
    if (to.overflow()) return false;
    out.filled(to.size());
    return true;
}

// Of a call that is tried again its client's words are no longer true.
bool RequestHead::is_of_attempt(const http::Field& field) const {
    const auto name = field.name.of(base());
    return http::equals_lower(name, "grpc-previous-rpc-attempts") ||
           (asked_.grpc.left_ms >= 0 && http::equals_lower(name, "grpc-timeout"));
}

void RequestHead::write_attempt(http::HeadWriter& to) const {
    to << "grpc-previous-rpc-attempts: " << asked_.grpc.attempts_before << "\r\n";
    if (asked_.grpc.left_ms >= 0) to << "grpc-timeout: " << http::grpc_timeout(asked_.grpc.left_ms) << "\r\n";
}

}  // namespace switchyard::serve
