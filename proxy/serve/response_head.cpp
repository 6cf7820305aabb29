// The head that goes to the client: the endpoint's, less what was meant for us alone, with the framing we will write.
#include "proxy/http/writer.h"
#include "proxy/serve/exchange.h"
#include "proxy/upstream/session_key.h"

namespace switchyard::serve {

bool Exchange::write_response_head(net::Buffer& out, bool keep, Coding coding) {
    const char* from = endpoint_lane_.base();
    http::Writer to(out.room());
    to << "HTTP/1.1 " << std::uint64_t{response_.status} << ' ' << response_.reason.of(from) << "\r\n";
    const route::Edits& edits = course_.route->response_edits;
    const bool edited = !edits.names.empty();
    std::size_t run_begin = 0, run_end = 0;
    auto flush_run = [&] {
        if (run_end > run_begin) to << std::string_view(from + run_begin, run_end - run_begin);
        run_begin = run_end = 0;
    };
    for (std::uint16_t i = 0; i < response_.field_count; ++i) {
        const http::Field& field = response_.fields[i];
        bool keep_field = !field.drop;
        if (keep_field && edited && edits.replaces(field.name.of(from))) keep_field = false;
        if (!keep_field) {
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
    if (!response_.has(http::FieldName::date) && !edits.replaces(http::FieldName::date)) to << context_.date();
    if (coding == Coding::chunked) {
        to << "Transfer-Encoding: chunked\r\n";
        write_announcement(to, response_trailers_.wanted);
    }
    // 426 is of no use without what is required (RFC 9110 §15.5.22).
    if ((response_.status == 101 || response_.status == 426) && response_.has(http::FieldName::upgrade)) {
        for (std::uint16_t i = 0; i < response_.field_count; ++i)
            if (response_.fields[i].id == http::FieldName::upgrade)
                to << "Upgrade: " << response_.fields[i].value.of(from) << "\r\n";
        to << "Connection: upgrade\r\n";
    }
    if (!keep) {
        to << "Connection: close\r\n";
    } else if (asked_.head.minor == 0) {
        to << "Connection: keep-alive\r\n";
    }
    if (course_.decision.mint) {
        to << "Set-Cookie: " << course_.route->sticky.key.name << '=' << request_id_.text()
           << "; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000\r\n";
    }
    if (mint_session_) {
        char key[upstream::kSessionKeySize];
        upstream::write_session_key(endpoint_->session_key, key);
        to << "Set-Cookie: " << course_.upstream->session_cookie << '=' << std::string_view(key, sizeof key)
           << "; Path=/; HttpOnly; SameSite=Lax\r\n";
    }
    if (course_.route->debug_headers && !edits.replaces("x-switchyard")) {
        to << "X-Switchyard: generation=" << course_.in_force->snapshot->generation
           << "; route=" << course_.route->name;
        if (course_.decision.rule >= 0)
            to << "; rule=" << course_.route->rules[static_cast<std::size_t>(course_.decision.rule)].name;
        to << "; upstream=" << course_.upstream->name << "; endpoint=" << endpoint_->text << "\r\n";
    }
    write_edits(to, edits);
    to << "\r\n";
    if (to.overflow()) return false;
    out.filled(to.size());
    return true;
}

}  // namespace switchyard::serve
