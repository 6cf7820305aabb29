// Interim answers on their way through (RFC 9110 §15.2: a proxy passes them on): to clients that understand them
// (HTTP/1.1), in order, before the final response.
#include "proxy/serve/attempt.h"
#include "proxy/serve/response_head.h"

namespace switchyard::serve {

net::Task<Failure> Attempt::relay_interim() {
    if (answer_.head.status == 100) upload_.body_wanted = true;
    if (asked_.head.minor == 1) {
        net::Buffer line(context_.buffers);
        if (!write_interim_head(line, answer_.head, lane_.base()) || !client_.takes_head(line.size()))
            co_return Failure::bad_response;
        while (!line.empty()) {
            if (!client_.writable()) {
                phase_.at_most(from_.course.idle_ms());
                co_await phase_.sleep();
                if (from_.course.must_end()) co_return Failure::drained;
                if (client_.broken()) co_return Failure::client_closed;
                if (phase_.strand().expired() && !client_.writable())
                    co_return from_.course.time_is_up() ? Failure::request_timeout : Failure::client_slow;
                continue;
            }
            const auto wrote = client_.say(line.unread());
            if (wrote.status == net::Transfer::Status::failed) co_return Failure::client_closed;
            line.consume(wrote.bytes);
            account_.record.bytes_out += wrote.bytes;
        }
    }
    Strand& strand = phase_.strand();
    strand.budget.served();
    if (strand.budget.over()) co_await strand.let_others();
    lane_.drop_head(answer_.head.size);
    co_return Failure::none;
}

}  // namespace switchyard::serve
