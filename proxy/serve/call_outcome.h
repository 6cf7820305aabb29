// What became of an attempt at a call of gRPC that came to no answer: what its client is told, and what it says about
// the endpoint. Where that has reset the call's stream, it is the reset's code that tells.
//
// Pure; a plain value.
#pragma once

#include <optional>

#include "proxy/http2/reset_status.h"
#include "proxy/serve/verdict.h"

namespace switchyard::serve {

class CallOutcome {
  public:
    void note_reset(http2::ErrorCode code) { reset_as_ = http2::grpc_status_of(code); }
    // By a rule, whose status means this one.
    void note_denied(http::GrpcStatus status) { denied_as_ = status; }
    bool was_reset(Failure failure) const {
        return reset_as_ && (failure == Failure::reset || failure == Failure::truncated);
    }
    http::GrpcStatus status(Failure failure) const {
        if (was_reset(failure)) return *reset_as_;
        return failure == Failure::denied && denied_as_ ? *denied_as_ : http::grpc_status_of(failure);
    }
    // `failures`: a bit for each status that is the endpoint's failure.
    Verdict verdict(Failure failure, std::uint32_t failures) const {
        if (!was_reset(failure) || !declines()) return verdict_of(failure, 0);
        Verdict out = verdict_of(*reset_as_, failures);
        out.unreachable = out.failed;
        return out;
    }

  private:
    // The endpoint will not have it; else it breaks off what it has begun, by whatever code.
    bool declines() const {
        using http::GrpcStatus;
        return reset_as_ == GrpcStatus::unavailable || reset_as_ == GrpcStatus::resource_exhausted ||
               reset_as_ == GrpcStatus::permission_denied;
    }

    std::optional<http::GrpcStatus> reset_as_, denied_as_;
};

}  // namespace switchyard::serve
