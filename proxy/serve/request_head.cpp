// The head that goes to the endpoint: the client's, less what was meant for us alone, plus what the endpoint should
// know.
#include <algorithm>

#include "proxy/http/characters.h"
#include "proxy/http/writer.h"
#include "proxy/serve/exchange.h"

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

void write_path(http::Writer& out, const route::Route& route, const http::Target& target, std::string_view routed) {
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

bool Exchange::write_request_head(net::Buffer& out) {
    http::Writer to(out.room());
    to << asked_.method() << ' ';
    if (asked_.target.form == http::Target::Form::authority)
        to << asked_.target.authority;
    else
        write_path(to, *course_.route, asked_.target, asked_.facts.path);
    to << " HTTP/1.1\r\n";

    const route::Edits& edits = course_.route->request_edits;
    const bool edited = !edits.names.empty();
    bool has_host_header = false, port_given = false;
    const http::Field *said_proto = nullptr, *said_host = nullptr;
    // Kept fields are copied in runs of whole lines.
    std::size_t run_begin = 0, run_end = 0;
    auto flush_run = [&] {
        if (run_end > run_begin) to << std::string_view(base() + run_begin, run_end - run_begin);
        run_begin = run_end = 0;
    };
    for (std::uint16_t i = 0; i < asked_.head.field_count; ++i) {
        const http::Field& field = asked_.head.fields[i];
        bool keep = !field.drop;
        switch (field.id) {
            case http::FieldName::x_forwarded_for:
                keep = false;  // see below
                break;
            case http::FieldName::x_forwarded_proto:
                keep = keep && asked_.trusted_peer;
                if (keep) said_proto = &field;
                break;
            case http::FieldName::x_forwarded_host:
                keep = keep && asked_.trusted_peer;
                if (keep) said_host = &field;
                break;
            case http::FieldName::x_forwarded_port:
                keep = keep && asked_.trusted_peer;
                port_given = port_given || keep;
                break;
            case http::FieldName::forwarded:
                keep = keep && asked_.trusted_peer && reads_forwarded();
                break;
            case http::FieldName::claim:
                keep = keep && asked_.trusted_peer &&
                       !(tells_certificate() && http::equals_lower(field.name.of(base()), "client-cert"));
                break;
            case http::FieldName::x_request_id:
                keep = false;
                break;
            case http::FieldName::max_forwards:
                if (asked_.counts_forwards()) keep = false;
                break;
            case http::FieldName::host:
                has_host_header = true;
                break;
            default:
                break;
        }
        if (keep && edited && edits.replaces_loosely(field.name.of(base()))) keep = false;
        if (!keep) {
            flush_run();
            continue;
        }
        if (run_end != field.name.offset || run_end == 0) {
            flush_run();
            run_begin = field.name.offset;
        }
        run_end = field.line_end;
    }
    flush_run();
    if (!has_host_header && !edits.replaces(http::FieldName::host))
        to << "Host: "
           << (asked_.target.authority.empty() ? std::string_view(endpoint_->configured) : asked_.target.authority)
           << "\r\n";
    if (only_we_say())
        write_own_forwarding(to);
    else
        write_forwarding(to, said_host, said_proto, port_given);
    if (!edits.replaces(http::FieldName::x_request_id)) to << "X-Request-Id: " << request_id_.text() << "\r\n";
    if (!edits.replaces(http::FieldName::via))
        to << (asked_.head.minor == 1 ? "Via: 1.1 switchyard\r\n" : "Via: 1.0 switchyard\r\n");
    if (asked_.forwards_left > 0 && !edits.replaces(http::FieldName::max_forwards))
        to << "Max-Forwards: " << asked_.forwards_left - 1 << "\r\n";
    if (asked_.guarded.body.kind == http::Body::Kind::chunked) {
        to << "Transfer-Encoding: chunked\r\n";
        write_announcement(to, request_trailers_.wanted);
    }
    if (asked_.guarded.upgrade) {
        for (std::uint16_t i = 0; i < asked_.head.field_count; ++i)
            if (asked_.head.fields[i].id == http::FieldName::upgrade)
                to << "Upgrade: " << asked_.head.fields[i].value.of(base()) << "\r\n";
        to << "Connection: upgrade\r\n";
    }
    if (tells_certificate() && !edits.replaces_loosely("client-cert"))
        to << "Client-Cert: " << asked_.facts.certificate->field << "\r\n";
    write_edits(to, edits);
    to << "\r\n";
    if (to.overflow()) return false;
    out.filled(to.size());
    return true;
}

}  // namespace switchyard::serve
