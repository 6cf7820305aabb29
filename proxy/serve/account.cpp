// account: one record per exchange becomes counters, histograms, at most one log line. Exactly once.
#include "proxy/serve/account.h"

#include <algorithm>

namespace switchyard::serve {
namespace {

// Requests that no route took are counted under this id; Registry hands out ids from 0 up.
constexpr std::uint32_t kNoRoute = 0;

}  // namespace

// The first attempt, for the analysis. In line: every request passes here.
[[gnu::always_inline]] inline void Account::count_first(Cell& first, std::size_t whole) {
    first_.counted = true;
    ++first.attempts;
    first.first_byte.record(static_cast<std::uint64_t>(first_.head_us));
    if (!first_.stands_outside) first.whole.add(whole, 1);
    if (first_.failed) ++first.failures;
    // With one arm alone there is nothing to compare, and nothing is noted.
    if (course_.decision.has_hash && !course_.route->split.single()) note_bucket();
    if (first_.answer != AnswerKind::ordinary) ++first.answers[static_cast<std::size_t>(first_.answer)];
    if (first_.told_whole != 0) tell_over();
    if (course_.route->marks->noting.load(std::memory_order_acquire)) [[unlikely]]
        note_marks();
}

Account::~Account() {
    if (open_) --context_.active_exchanges;
    if (retrying_) --context_.active_retries;
}

void Account::begin() {
    record.started_us = context_.now_us;
    ++context_.active_exchanges;
    open_ = true;
}

void Account::retry(Failure failure) {
    if (!retrying_) {
        retrying_ = true;
        ++context_.active_retries;
    }
    (verdict_of(failure, 0).stale                  ? context_.counts.retries_reused
     : failure == Failure::connect_failed          ? context_.counts.retries_connect
     : failure == Failure::none && !asked_.grpc.is ? context_.counts.retries_status
                                                   : context_.counts.retries_other)++;
}

// To the analysis that is a first attempt that failed, and the upstream that serves it instead gets no credit.
void Account::note_refused(Failure failure) {
    if (first_.done) return;
    first_.done = first_.failed = true;
    first_.failure = failure;
    stand_outside();  // what answers instead is not what is compared
    first_.upstream = course_.upstream->id;
    first_.head_us = context_.now_us - record.attempt_us;
}

void Account::note_rerouted(std::uint32_t upstream) {
    ++context_.cell(course_.route->id, upstream, course_.in_force->generation, course_.keyless()).rerouted;
}

void Account::take_back_attempt(bool free) {
    if (free) --record.attempts;
    first_.told_head = first_.told_whole = 0;
}

void Account::break_off(Failure failure) {
    record.failure = failure;
    if (!traits(failure).blames_endpoint || lease_.local() == nullptr) return;
    if (first_.upstream != course_.upstream->id || record.attempts != 1) return;
    first_.failed = true;
    first_.failure = failure;
    first_.answer = AnswerKind::cut;
}

void Account::note_call(const Verdict& verdict, http::GrpcStatus status) {
    if (first_.upstream != course_.upstream->id || record.attempts != 1) return;
    first_.failed = verdict.failed;
    first_.status = static_cast<std::uint16_t>(MarkNote::kGrpc + static_cast<unsigned>(status));
    first_.answer = verdict.failed ? AnswerKind::ordinary : answer_of_call(status);
}

void Account::close() {
    --context_.active_exchanges;
    open_ = false;
    if (retrying_) --context_.active_retries;
    retrying_ = false;

    // Ids 0 stand for "no route" and "no upstream": control reserves them.
    const std::uint32_t route = course_.route != nullptr ? course_.route->id : kNoRoute;
    Cell& cell = context_.cell(route, course_.upstream != nullptr ? course_.upstream->id : 0,
                               course_.in_force->generation, course_.keyless());
    const std::int64_t duration = context_.now_us - record.started_us;
    ++cell.by_class[std::min(record.status / 100u, 5u)];  // from 600 on: see the head parser
    if (record.grpc_status >= 0) ++cell.grpc[static_cast<std::size_t>(record.grpc_status)];
    cell.bytes_in += record.bytes_in;
    cell.bytes_out += record.bytes_out;
    const std::size_t took = Histogram::index(static_cast<std::uint64_t>(duration));
    cell.duration.add(took, 1);
    if (record.failure != Failure::none) [[unlikely]] {
        if (record.failure == Failure::client_closed) ++cell.aborted;
        if (record.failure == Failure::denied) ++cell.denied;
    }
    if (first_.done && !first_.counted) {
        // A request that was sent the moment it came, as nearly all are, has one duration.
        const bool at_once = answers_first() && record.attempt_us == record.started_us;
        count_first(course_.upstream != nullptr && first_.upstream == course_.upstream->id ? cell : first_cell(),
                    at_once ? took : Histogram::index(static_cast<std::uint64_t>(whole_us())));
    }
}

// Before another generation routes the rest: what has been counts by the one that sent it.
void Account::settle_first() {
    if (first_.done && !first_.counted)
        count_first(first_cell(), Histogram::index(static_cast<std::uint64_t>(whole_us())));
    first_.told_head = first_.told_whole = 0;  // of who takes it from here nothing has been told
}

void Account::note_bucket() const {
    const auto index = [](std::int64_t us) {
        return static_cast<std::uint16_t>(Histogram::index(static_cast<std::uint64_t>(us > 0 ? us : 0)));
    };
    FailedBuckets::Sample sample;
    sample.bucket = static_cast<std::uint16_t>(course_.decision.hash >> (32 - FailedBuckets::kBucketBits));
    sample.latency = index(first_.head_us);
    sample.canary = course_.decision.arm != 0;
    sample.answer = first_.answer;
    if (!first_.stands_outside) sample.whole = index(whole_us());
    sample.told_head = first_.told_head;
    sample.told_whole = first_.told_whole;
    context_.note_bucket(course_.route->id, course_.in_force->generation, first_.failed, sample);
}

Cell& Account::first_cell() const {
    return context_.cell(course_.route->id, first_.upstream, course_.in_force->generation, course_.keyless());
}

// A rollout wants to say where what it counts against a release came from. What its age told has been noted by then.
void Account::note_marks() const {
    using Group = MarkNote::Group;
    if (course_.keyless()) return;  // it is not compared
    const auto note = [&](Group group, AnswerKind kind = AnswerKind::ordinary) {
        note_mark(group, kind, first_.upstream, first_.endpoint);
    };
    if (first_.failed) note(Group::failed);
    if (first_.answer != AnswerKind::ordinary) note(Group::answer, first_.answer);
    const MarkLimits limits = course_.route->marks->limits();
    const auto passed = [](std::int64_t took_us, std::uint32_t limit_us, std::uint16_t told) {
        return took_us > static_cast<std::int64_t>(limit_us) && told <= Histogram::index(limit_us);
    };
    if (passed(first_.head_us, limits.slow_us, first_.told_head)) note(Group::slow);
    if (passed(first_.head_us, limits.tail_us, first_.told_head)) note(Group::tail);
    if (first_.stands_outside) return;
    if (passed(whole_us(), limits.late_us, first_.told_whole)) note(Group::late);
    if (passed(whole_us(), limits.late_tail_us, first_.told_whole)) note(Group::late_tail);
}

void Account::note_mark(MarkNote::Group group, AnswerKind kind, std::uint32_t upstream, std::uint32_t endpoint) const {
    context_.note_mark(course_.route->id, upstream, course_.in_force->generation,
                       {group, kind, first_.failure, first_.status, endpoint, asked_.method(), asked_.target.path});
}

}  // namespace switchyard::serve
