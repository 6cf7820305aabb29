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
    // `late`: the client gave the call a time, and it has passed. An endpoint that cancels then, having been told the
    // same, lets the time end the call. What is noted first stays.
    void note_reset(http2::ErrorCode code, bool late) {
        if (reset_as_) return;
        timed_out_ = late && code == http2::ErrorCode::cancel;
        reset_as_ = timed_out_ ? http::GrpcStatus::deadline_exceeded : http2::grpc_status_of(code);
    }
    // By a rule, whose status means this one.
    void note_denied(http::GrpcStatus status) { denied_as_ = status; }
    bool was_reset(Failure failure) const {
        return reset_as_ && (failure == Failure::reset || failure == Failure::truncated);
    }
    // That is no failure of the endpoint: as Failure::request_timeout by the client's time.
    bool timed_out() const { return timed_out_; }
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
    bool timed_out_ = false;
};

}  // namespace switchyard::serve
