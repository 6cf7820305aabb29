// What happened to one exchange: noted as it goes, counted once when it is over – counters, histograms, what a rollout
// asks for – and, while it is under way and a report asks for it, its age.
//
// Invariants: counted exactly once, and its first attempt by the generation that sent it. It stands in the worker's
//   counts of exchanges and retries for as long as it lasts.
// Threads: one worker. Owns: the record, and what is known of the first attempt.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proxy/route/asked.h"
#include "proxy/serve/course.h"
#include "proxy/serve/lease.h"
#include "proxy/serve/record.h"
#include "proxy/serve/under_way.h"
#include "proxy/serve/verdict.h"

namespace switchyard::serve {

class Account : public UnderWay {
  public:
    Account(WorkerContext& context, const route::Asked& asked, const Course& course, const Lease& lease)
        : context_(context), asked_(asked), course_(course), lease_(lease) {}
    ~Account();
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    // The first byte of the request was seen.
    void begin();
    // It is on its way to an upstream: its age counts from now on, if reports ask for ages.
    void watch() {
        if (context_.under_way.wanted) context_.under_way.push_back(*this);
    }
    // An attempt is given up for another one.
    void retry(Failure failure);
    bool retrying() const { return retrying_; }
    // The upstream that was meant has no endpoint to take the request.
    void note_refused(Failure failure);
    // Another upstream serves in place of this one (Registry id).
    void note_rerouted(std::uint32_t upstream);
    // An attempt has come to its answer, or failed.
    void note_attempt(const Verdict& verdict, Failure failure, std::uint16_t status);
    // The call that it was has come to its end.
    void note_call(const Verdict& verdict, http::GrpcStatus status);
    // A kept connection was dead: the attempt is none (`free`), and the next one begins anew.
    void take_back_attempt(bool free);
    // Another generation routes the rest: what has been counts by the one that sent it.
    void settle_first();
    // What the endpoint's answer takes as a whole says nothing.
    void stand_outside();
    // The endpoint's answer is empty where it ought not to be.
    void note_empty_answer() { first_.answer = AnswerKind::empty; }
    // The answer has begun: what goes wrong from now on cannot be told to the client any more.
    void break_off(Failure failure);
    void close();

    // Of all that are under way on this worker, what has changed since the last time.
    static void tell_ages(WorkerContext& context, WorkerReport& report);

    Record record;

  private:
    // The first attempt, for the analysis; of the upstream that was meant when it had no endpoint for the request.
    struct First {
        bool done = false;
        bool counted = false;  // by the generation that routed it
        bool failed = false;
        bool stands_outside = false;  // how long the whole answer takes says nothing
        std::uint32_t upstream = 0;   // Registry id
        AnswerKind answer = AnswerKind::ordinary;
        Failure failure = Failure::none;  // why it failed; none: by its status
        std::uint16_t status = 0;
        std::uint32_t endpoint = MarkNote::kNoEndpoint;
        std::int64_t head_us = 0;  // duration from sent to response head (or to the failure)
        // What reports have told of its age (Passage); 0: nothing.
        std::uint16_t told_head = 0, told_whole = 0;
    };
    void count_first(Cell& first, std::size_t whole);
    Cell& first_cell() const;
    void note_bucket() const;
    void note_marks() const;
    void note_age(const Passage& passage) const;
    void note_mark(MarkNote::Group group, AnswerKind kind, std::uint32_t upstream, std::uint32_t endpoint) const;
    void tell_age(WorkerReport& report);
    void tell_over() const;
    Passage passage_of(Passage::Of of) const;
    // What the client gets is the answer to the first attempt.
    bool answers_first() const { return record.answer_started && record.attempts == 1; }
    std::int64_t whole_us() const;

    WorkerContext& context_;
    const route::Asked& asked_;
    const Course& course_;
    const Lease& lease_;
    First first_;
    bool open_ = false;
    bool retrying_ = false;
};

inline void Account::note_attempt(const Verdict& verdict, Failure failure, std::uint16_t status) {
    if (first_.done) return;
    first_.done = true;
    first_.failed = verdict.failed;
    first_.upstream = course_.upstream->id;
    first_.failure = failure;
    first_.endpoint = lease_.local()->state->id;
    if (failure == Failure::none) {
        first_.status = status;
        first_.answer = answer_of(status);
    }
    first_.head_us = context_.now_us - record.attempt_us;
}

}  // namespace switchyard::serve
