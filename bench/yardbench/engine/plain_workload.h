// The simplest workload: one fixed request, for every slot, for ever. A status of 400 or more is a failure, and of a
// call of gRPC any but OK.
#pragma once

#include <string>

#include "bench/yardbench/engine/workload.h"

namespace yardbench {

class PlainWorkload : public Workload {
  public:
    explicit PlainWorkload(std::string request, bool head = false, bool call = false)
        : request_(std::move(request)), head_(head), call_(call) {}

    void next(std::uint32_t, Call& call) override {
        call.bytes = request_;
        call.head = head_;
    }
    Verdict finished(const Outcome& outcome) override {
        Verdict verdict = judged(outcome);
        if (call_ && verdict.failure == Failure::none && outcome.grpc_status != 0) verdict.failure = Failure::status;
        return verdict;
    }

    static Verdict judged(const Outcome& outcome) {
        Verdict verdict;
        verdict.failure = outcome.failure;
        if (verdict.failure == Failure::none && outcome.status >= 400) verdict.failure = Failure::status;
        return verdict;
    }

  private:
    const std::string request_;
    const bool head_;
    const bool call_;
};

}  // namespace yardbench
