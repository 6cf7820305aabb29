#include "proxy/serve/response_head.h"

#include "proxy/http/characters.h"
#include "proxy/route/answer_rewrites.h"
#include "proxy/serve/edit_lines.h"
#include "proxy/serve/kept_lines.h"
#include "proxy/upstream/session_key.h"

namespace switchyard::serve {

// Cookies that hold the client to where it went, and what an operator wants to see.
[[gnu::always_inline]] inline void ResponseHead::write_route_lines(http::HeadWriter& to) const {
    const Course& course = from.course;
    if (course.decision.mint) {
        to << "Set-Cookie: " << course.route->sticky.key.name << '=' << from.id.text()
           << course.route->sticky.attributes << "\r\n";
    }
    if (from.lease.begins_session()) {
        char key[upstream::kSessionKeySize];
        upstream::write_session_key(from.lease.endpoint()->session_key, key);
        to << "Set-Cookie: " << course.upstream->session_cookie.name << '=' << std::string_view(key, sizeof key)
           << course.upstream->session_cookie.attributes << "\r\n";
    }
    if (course.route->debug_headers && !course.route->response_edits.replaces("x-switchyard")) {
        to << "X-Switchyard: generation=" << course.in_force->snapshot->generation << "; route=" << course.route->name;
        if (course.decision.rule >= 0)
            to << "; rule=" << course.route->rules[static_cast<std::size_t>(course.decision.rule)].name;
        to << "; upstream=" << course.upstream->name << "; endpoint=" << from.lease.endpoint()->text << "\r\n";
    }
}

// 426 is of no use without what is required (RFC 9110 §15.5.22).
[[gnu::always_inline]] inline void ResponseHead::write_upgrade(http::HeadWriter& to) const {
    const http::Head& head = answer.head;
    if ((head.status != 101 && head.status != 426) || !head.has(http::FieldName::upgrade)) return;
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        if (head.fields[i].id == http::FieldName::upgrade) to << "Upgrade: " << head.fields[i].value.of(base) << "\r\n";
    to << "Connection: upgrade\r\n";
}

// Whether the field is not passed on as it came: the route replaces it, or has written it in other words.
bool ResponseHead::takes_over(const http::Field& field, KeptLines& lines, http::HeadWriter& to) const {
    const route::Route& route = *from.course.route;
    const std::string_view name = field.name.of(base);
    if (route.response_edits.replaces(name)) return true;
    if (!route.answer_rewrites) return false;
    if (dates() && (http::equals_ignoring_case(name, "cache-control") || http::equals_ignoring_case(name, "expires")))
        return true;
    std::string instead;
    if (!route.answer_rewrites->rewrite(name, field.value.of(base), route, from.asked, instead)) return false;
    lines.flush();
    to << name << ": " << instead << "\r\n";
    return true;
}

bool ResponseHead::dates() const {
    return from.course.route->answer_rewrites->dates(answer.head.status);
}

void ResponseHead::write_cache_control(http::HeadWriter& to) const {
    const route::Route& route = *from.course.route;
    if (route.answer_rewrites && dates() && !route.response_edits.replaces("cache-control"))
        to << "Cache-Control: " << route.answer_rewrites->cache_control << "\r\n";
}

bool ResponseHead::write(net::Buffer& out, bool keep, Coding coding) const {
    const http::Head& head = answer.head;
    http::HeadWriter to(out.room());
    to << "HTTP/1.1 " << std::uint64_t{head.status} << ' ' << head.reason.of(base) << "\r\n";
    const route::Edits& edits = from.course.route->response_edits;
    const bool edited = !edits.names.empty() || from.course.route->answer_rewrites != nullptr;
    KeptLines lines(to, base);
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        const http::Field& field = head.fields[i];
        if (field.drop || (edited && takes_over(field, lines, to)))
            lines.flush();
        else
            lines.keep(field);
    }
    lines.flush();
    if (edited) write_cache_control(to);
    if (!head.has(http::FieldName::date) && !edits.replaces(http::FieldName::date)) to << date;
    to << coded;
    if (coding == Coding::chunked) {
        to << "Transfer-Encoding: chunked\r\n";
        write_announcement(to, trailers);
    }
    write_upgrade(to);
    if (!keep) {
        to << "Connection: close\r\n";
    } else if (from.asked.head.minor == 0) {
        to << "Connection: keep-alive\r\n";
    }
    write_route_lines(to);
    write_edits(to, edits, from);
    to << "\r\n";
    if (to.overflow() || !from.client.takes_head(to.size())) return false;
    out.filled(to.size());
    return true;
}

bool write_interim_head(net::Buffer& out, const http::Head& head, const char* base) {
    http::HeadWriter line(out.room());
    line << "HTTP/1.1 " << std::uint64_t{head.status} << ' ' << head.reason.of(base) << "\r\n";
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        const auto& field = head.fields[i];
        if (field.drop || field.id == http::FieldName::content_length) continue;
        line << field.name.of(base) << ": " << field.value.of(base) << "\r\n";
    }
    line << "\r\n";
    if (line.overflow()) return false;
    out.filled(line.size());
    return true;
}

}  // namespace switchyard::serve
