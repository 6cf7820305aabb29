// The answer to a call of gRPC: its trailers pass, and say how it went; nothing is counted before.
#include "proxy/serve/delivery.h"

namespace switchyard::serve {

namespace {

// A stream that has lasted for so long is to a breaker one that went well: one that waits for its probe waits no
// longer.
constexpr std::int64_t kLongCallUs = 30'000'000;

}  // namespace

void Delivery::begin_call() {
    const EndpointAnswer& answer = attempt_.answer();
    // Without it the head says by HTTP how it went, and has been judged.
    call_.is = answer.head.status == 200;
    call_.head_status = http::grpc_status_of(attempt_.lane().base(), answer.head);
    trailers_.all = true;
}

std::int64_t Delivery::watch_long_call(std::int64_t wait_ms) {
    call_.looks_again = false;
    if (!from_.lease.has_breaker()) return wait_ms;
    const std::int64_t left_us = account_.record.attempt_us + kLongCallUs - context().now_us;
    if (left_us <= 0) {
        attempt_.tell_breaker({});
        return wait_ms;
    }
    const std::int64_t left_ms = left_us / 1000 + 1;
    call_.looks_again = wait_ms == 0 || left_ms < wait_ms;
    return call_.looks_again ? left_ms : wait_ms;
}

// A reset would be told as an error of the protocol; and of a body that was said to be longer this would be one.
void Delivery::say_status(Failure failure) {
    if (client_.sent_bytes() == 0 || client_.waits_for_run() || body_.kind == http::Body::Kind::length) return;
    const std::string lines = "grpc-status: " + std::to_string(static_cast<unsigned>(attempt_.call().status(failure))) +
                              "\r\ngrpc-message: " + http::grpc_message(traits(failure).detail) + "\r\n";
    std::uint64_t sent = 0;
    if (client_.end_with(lines, sent)) account_.record.bytes_out += sent;
}

http::GrpcStatus Delivery::call_status() const {
    const Failure failure = account_.record.failure;
    if (failure != Failure::none) return attempt_.call().status(failure);
    if (!call_.is) return call_.head_status.value_or(http::grpc_status_of_http(attempt_.answer().head.status));
    const auto status = http::grpc_status_of(trailers_.lines);
    if (status) return *status;
    return attempt_.lane().body_bytes() == 0 ? call_.head_status.value_or(http::GrpcStatus::unknown)
                                             : http::GrpcStatus::unknown;
}

void Delivery::end_call() {
    const Failure failure = account_.record.failure;
    const http::GrpcStatus status = call_status();
    account_.record.grpc_status = static_cast<std::int8_t>(status);
    if (!call_.is) {
        if (failure != Failure::request_timeout) attempt_.count(failure);  // the client's time, as a rule
        return;
    }
    const Verdict verdict = failure != Failure::none ? attempt_.call().verdict(failure, course_.route->grpc_failures)
                                                     : verdict_of(status, course_.route->grpc_failures);
    if (failure == Failure::none || attempt_.call().was_reset(failure)) account_.note_call(verdict, status);
    if (failure == Failure::request_timeout)
        return attempt_.tell_breaker(verdict_of_late_call(course_.time_is_clients));
    attempt_.count(verdict);
}

}  // namespace switchyard::serve
