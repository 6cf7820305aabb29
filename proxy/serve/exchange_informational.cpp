// Interim answers on their way through (RFC 9110 §15.2: a proxy passes them on).
#include "proxy/http/writer.h"
#include "proxy/serve/exchange.h"

namespace switchyard::serve {

// 1xx: passed on to clients that understand them (HTTP/1.1), in order, before the final response.
net::Task<Failure> Exchange::relay_informational() {
    if (answer_.head.status == 100) upload_.invited = true;
    if (asked_.head.minor == 1) {
        net::Buffer line(context_.buffers);
        if (!write_informational(line)) co_return Failure::bad_response;
        while (!line.empty()) {
            if (!client_.writable()) {
                set_phase_deadline(course_.upstream->idle_ms);
                co_await strand_.sleep();
                if (course_.must_end()) co_return Failure::drained;
                if (client_.broken()) co_return Failure::client_closed;
                if (strand_.expired() && !client_.writable())
                    co_return course_.time_is_up() ? Failure::request_timeout : Failure::client_slow;
                continue;
            }
            const auto wrote = client_.say(line.unread());
            if (wrote.status == net::Transfer::Status::failed) co_return Failure::client_closed;
            line.consume(wrote.bytes);
            account_.record.bytes_out += wrote.bytes;
        }
    }
    strand_.budget.served();
    if (strand_.budget.over()) co_await strand_.let_others();
    endpoint_lane_.drop_head(answer_.head.size);
    co_return Failure::none;
}

bool Exchange::write_informational(net::Buffer& out) {
    http::Writer line(out.room());
    line << "HTTP/1.1 " << std::uint64_t{answer_.head.status} << ' ' << answer_.head.reason.of(endpoint_lane_.base())
         << "\r\n";
    for (std::uint16_t i = 0; i < answer_.head.field_count; ++i) {
        const auto& field = answer_.head.fields[i];
        if (field.drop || field.id == http::FieldName::content_length) continue;
        line << field.name.of(endpoint_lane_.base()) << ": " << field.value.of(endpoint_lane_.base()) << "\r\n";
    }
    line << "\r\n";
    if (line.overflow() || !client_.takes_head(line.size())) return false;
    out.filled(line.size());
    return true;
}

}  // namespace switchyard::serve
