// The head that goes to the client: the endpoint's, less what was meant for us alone, with the framing we will write.
#include "proxy/http/writer.h"
#include "proxy/serve/exchange.h"
#include "proxy/serve/kept_lines.h"
#include "proxy/upstream/session_key.h"

namespace switchyard::serve {

// Cookies that hold the client to where it went, and what an operator wants to see.
[[gnu::always_inline]] inline void Exchange::write_route_lines(http::Writer& to) const {
    if (course_.decision.mint) {
        to << "Set-Cookie: " << course_.route->sticky.key.name << '=' << request_id_.text()
           << "; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000\r\n";
    }
    if (mint_session_) {
        char key[upstream::kSessionKeySize];
        upstream::write_session_key(lease_.endpoint->session_key, key);
        to << "Set-Cookie: " << course_.upstream->session_cookie << '=' << std::string_view(key, sizeof key)
           << "; Path=/; HttpOnly; SameSite=Lax\r\n";
    }
    if (course_.route->debug_headers && !course_.route->response_edits.replaces("x-switchyard")) {
        to << "X-Switchyard: generation=" << course_.in_force->snapshot->generation
           << "; route=" << course_.route->name;
        if (course_.decision.rule >= 0)
            to << "; rule=" << course_.route->rules[static_cast<std::size_t>(course_.decision.rule)].name;
        to << "; upstream=" << course_.upstream->name << "; endpoint=" << lease_.endpoint->text << "\r\n";
    }
}

bool Exchange::write_response_head(net::Buffer& out, bool keep, Coding coding) {
    const char* from = endpoint_lane_.base();
    http::Writer to(out.room());
    to << "HTTP/1.1 " << std::uint64_t{answer_.head.status} << ' ' << answer_.head.reason.of(from) << "\r\n";
    const route::Edits& edits = course_.route->response_edits;
    const bool edited = !edits.names.empty();
    KeptLines lines(to, from);
    for (std::uint16_t i = 0; i < answer_.head.field_count; ++i) {
        const http::Field& field = answer_.head.fields[i];
        if (field.drop || (edited && edits.replaces(field.name.of(from))))
            lines.flush();
        else
            lines.keep(field);
    }
    lines.flush();
    if (!answer_.head.has(http::FieldName::date) && !edits.replaces(http::FieldName::date)) to << context_.date();
    if (coding == Coding::chunked) {
        to << "Transfer-Encoding: chunked\r\n";
        write_announcement(to, download_.trailers.wanted);
    }
    // 426 is of no use without what is required (RFC 9110 §15.5.22).
    if ((answer_.head.status == 101 || answer_.head.status == 426) && answer_.head.has(http::FieldName::upgrade)) {
        for (std::uint16_t i = 0; i < answer_.head.field_count; ++i)
            if (answer_.head.fields[i].id == http::FieldName::upgrade)
                to << "Upgrade: " << answer_.head.fields[i].value.of(from) << "\r\n";
        to << "Connection: upgrade\r\n";
    }
    if (!keep) {
        to << "Connection: close\r\n";
    } else if (asked_.head.minor == 0) {
        to << "Connection: keep-alive\r\n";
    }
    write_route_lines(to);
    write_edits(to, edits);
    to << "\r\n";
    if (to.overflow() || !client_.takes_head(to.size())) return false;
    out.filled(to.size());
    return true;
}

}  // namespace switchyard::serve
