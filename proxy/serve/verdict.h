// What an attempt says about the endpoint that was asked. One judgement for all who count it: the breaker, the
// ejection, the balancer's latencies, the analysis of a release.
//
// Pure. An answer is judged when its head is there, or the attempt has failed before; what breaks it later is judged by
//   the same function again. A call of gRPC says in its trailers how it ended, and is judged then.
#pragma once

#include <array>
#include <cstdint>

#include "proxy/base/answer_kind.h"
#include "proxy/base/failure.h"
#include "proxy/http/grpc.h"

namespace switchyard::serve {

struct Verdict {
    bool says_nothing = false;  // the client left, or this side had nothing left to ask with
    bool stale = false;         // a kept connection was gone, as those are that were not used for long
    bool unreachable = false;   // no answer that could be passed on
    bool failed = false;        // that, or an answer that owns up to an error of its own
};

namespace detail {

constexpr Verdict without_status(Failure failure) {
    const FailureTraits& trait = traits(failure);
    Verdict out;
    // An endpoint that looks at no request, or takes none of that kind, has done neither well nor badly at it.
    out.says_nothing = failure == Failure::drained || failure == Failure::refused_stream ||
                       trait.source == Source::downstream || trait.source == Source::internal;
    out.stale =
        failure == Failure::reused_closed || failure == Failure::reused_unread || failure == Failure::reused_reset;
    out.unreachable = trait.blames_endpoint;
    out.failed = out.unreachable;
    return out;
}

inline constexpr auto kVerdicts = [] {
    std::array<Verdict, kFailures> out;
    for (std::size_t i = 0; i < kFailures; ++i) out[i] = without_status(static_cast<Failure>(i));
    return out;
}();

}  // namespace detail

// `status` of the answer; 0: none came.
constexpr Verdict verdict_of(Failure failure, std::uint16_t status) {
    Verdict out = detail::kVerdicts[static_cast<std::size_t>(failure)];
    if (status >= 500) out.failed = true;
    return out;
}

// Of a call whose answer is whole. `failures`: a bit for each status that is the endpoint's failure.
constexpr Verdict verdict_of(http::GrpcStatus status, std::uint32_t failures) {
    Verdict out;
    out.failed = ((failures >> static_cast<unsigned>(status)) & 1U) != 0;
    return out;
}

// Of a call whose time was up. Where it is its client that set the time it says nothing: a client that wants a breaker
// to open could ask for too little.
constexpr Verdict verdict_of_late_call(bool time_is_clients) {
    Verdict out = verdict_of(Failure::request_timeout, 0);
    out.says_nothing = time_is_clients;
    return out;
}

// What of it is no failure and may all the same be what a bad release gives every client: as HTTP would have said it.
constexpr AnswerKind answer_of_call(http::GrpcStatus status) {
    using http::GrpcStatus;
    switch (status) {
        case GrpcStatus::permission_denied:
        case GrpcStatus::unauthenticated:
            return AnswerKind::unauthorized;
        case GrpcStatus::not_found:
        case GrpcStatus::unimplemented:
            return AnswerKind::not_found;
        case GrpcStatus::resource_exhausted:
            return AnswerKind::limited;
        case GrpcStatus::invalid_argument:
        case GrpcStatus::already_exists:
        case GrpcStatus::failed_precondition:
        case GrpcStatus::aborted:
        case GrpcStatus::out_of_range:
            return AnswerKind::other_4xx;
        default:
            return AnswerKind::ordinary;
    }
}

}  // namespace switchyard::serve
