// What happened to one exchange: noted as it goes, counted once when it is over – counters, histograms, what a rollout
// asks for – and, while it is under way and somebody wants to know, its age.
//
// Invariants: counted exactly once, and its first attempt by the generation that sent it. It stands in the worker's
//   counts of exchanges and retries for as long as it lasts.
// Threads: one worker. Owns: the record.
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
    Account(Context& context, const route::Asked& asked, const Course& course, const Lease& lease)
        : context_(context), asked_(asked), course_(course), lease_(lease) {}
    ~Account();
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    // The first byte of the request was seen.
    void begin();
    // It is on its way to an upstream: its age counts from now on, if anybody asks for ages.
    void watch() {
        if (context_.ages_wanted) context_.under_way.push_back(*this);
    }
    // An attempt is given up for another one.
    void retry(Failure failure);
    bool retrying() const { return retrying_; }
    // The upstream that was meant has nobody to take the request.
    void note_refused(Failure failure);
    // An attempt has come to its answer, or failed.
    void note_attempt(const Verdict& verdict, Failure failure, std::uint16_t status);
    // A kept connection was dead: the attempt is none (`free`), and the next one begins anew.
    void forgive_attempt(bool free);
    // Another generation routes the rest: what has been counts by the one that sent it.
    void settle_first();
    // What the endpoint's answer takes as a whole says nothing.
    void stand_outside();
    // The answer has begun: what goes wrong from now on cannot be told to the client any more.
    void break_off(Failure failure);
    void close();

    // Of all that are under way on this worker, what has changed since the last time.
    static void tell_ages(Context& context, WorkerReport& report);

    Record record;

  private:
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

    Context& context_;
    const route::Asked& asked_;
    const Course& course_;
    const Lease& lease_;
    bool open_ = false;
    bool retrying_ = false;
};

inline void Account::note_attempt(const Verdict& verdict, Failure failure, std::uint16_t status) {
    if (record.first_done) return;
    record.first_done = true;
    record.first_failed = verdict.failed;
    record.first_upstream = course_.upstream->id;
    record.first_failure = failure;
    record.first_endpoint = lease_.local->state->id;
    if (failure == Failure::none) {
        record.first_status = status;
        record.first_answer = answer_of(status);
    }
    record.first_head_us = context_.now_us - record.attempt_us;
}

}  // namespace switchyard::serve
