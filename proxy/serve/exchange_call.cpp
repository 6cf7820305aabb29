// A call of gRPC: what an attempt at it says before its end, and, where it was answered with nothing but a status,
// whether another endpoint is asked.
#include <algorithm>

#include "proxy/serve/exchange.h"

namespace switchyard::serve {

// What the client of a call is told of its failure.
http::GrpcStatus Exchange::call_status(Failure failure) {
    const route::Rule* const denying = failure == Failure::denied ? course_.denying_rule() : nullptr;
    return denying != nullptr ? http::grpc_status_of_http(denying->deny) : attempt_.call().status(failure);
}

// True: it is judged otherwise than a request that is none.
bool Exchange::judge_call(Failure failure, std::uint16_t status) {
    if (failure == Failure::none && status == 200) {
        // It says at its end how it went (Delivery::end_call, call_again).
        account_.note_attempt(verdict_of(failure, status), failure, status);
        lease_.observe(false, context_.now_us - account_.record.attempt_us);
        return true;
    }
    if (failure == Failure::request_timeout) {
        account_.note_attempt(verdict_of(failure, 0), failure, 0);
        if (!course_.time_is_clients) lease_.observe(true, context_.now_us - account_.record.attempt_us);
        attempt_.tell_breaker(verdict_of_late_call(course_.time_is_clients));
        return true;
    }
    const CallOutcome& call = attempt_.call();
    if (!call.was_reset(failure)) return false;
    const Verdict verdict = call.verdict(failure, course_.route->grpc_failures);
    account_.note_attempt(verdict, failure, 0);
    account_.note_call(verdict, call.status(failure));
    attempt_.count(verdict);
    return true;
}

// Only where the route asks for it by that status, within the budget of all retries, and as the endpoint wants it
// (grpc-retry-pushback-ms). True: as ask_other_after().
net::Task<bool> Exchange::call_again() {
    const EndpointAnswer& answer = attempt_.answer();
    const route::Route& route = *course_.route;
    if (route.grpc_retries == 0 || answer.head.status != 200) co_return false;
    const char* const base = attempt_.lane().base();
    // Where something follows, the status of the head is not the call's.
    if (attempt_.lane().shares_connection() && !attempt_.lane().shared().over_with_head()) co_return false;
    const auto status = http::grpc_status_of(base, answer.head);
    if (!status || ((route.grpc_retries >> static_cast<unsigned>(*status)) & 1U) == 0) co_return false;
    if (!attempt_.may_repeat() || !retries_left()) co_return false;
    std::int64_t pause_ms = 0;
    if (const auto said = http::value_of(base, answer.head, "grpc-retry-pushback-ms"); !said.empty()) {
        const auto wanted = http::parse_grpc_pushback(said);
        if (!wanted) co_return false;
        pause_ms = *wanted;
    }
    if (course_.deadline_ms != 0 && context_.now_ms + pause_ms >= course_.deadline_ms) co_return false;
    const Verdict verdict = verdict_of(*status, route.grpc_failures);
    account_.note_call(verdict, *status);  // while its upstream is still the course's
    attempt_.tell_breaker(verdict);
    co_return co_await ask_other_after(pause_ms);
}

}  // namespace switchyard::serve
