// account: one record per exchange becomes counters, histograms, at most one log line. Exactly once.
#include <algorithm>

#include "proxy/serve/exchange.h"

namespace switchyard::serve {
namespace {

// Requests that no route took are counted under this id; Registry hands out ids from 0 up.
constexpr std::uint32_t kNoRoute = 0;

}  // namespace

// The first attempt, for the analysis. In line: every request passes here.
[[gnu::always_inline]] inline void Exchange::count_first(Cell& first, std::size_t whole) {
    record_.first_counted = true;
    ++first.attempts;
    first.first_byte.record(static_cast<std::uint64_t>(record_.first_head_us));
    if (!record_.stands_outside) first.whole.add(whole, 1);
    if (record_.first_failed) ++first.failures;
    // With one arm alone there is nothing to compare, and nothing is noted.
    if (course_.decision.has_hash && !course_.route->split.single()) note_bucket();
    if (record_.first_answer != AnswerKind::ordinary) ++first.answers[static_cast<std::size_t>(record_.first_answer)];
    if (record_.told_whole != 0) tell_over();
    if (course_.route->marks->noting.load(std::memory_order_acquire)) [[unlikely]]
        note_marks();
}

void Exchange::account() {
    --context_.active_exchanges;
    counted_active_ = false;
    if (retrying_) --context_.active_retries;
    retrying_ = false;
    give_back(false);

    // Ids 0 stand for "no route" and "no upstream": control reserves them.
    const std::uint32_t route = course_.route != nullptr ? course_.route->id : kNoRoute;
    Cell& cell = context_.cell(route, course_.upstream != nullptr ? course_.upstream->id : 0,
                               course_.in_force->generation, course_.keyless());
    const std::int64_t duration = context_.now_us - record_.started_us;
    ++cell.by_class[std::min(record_.status / 100u, 5u)];  // from 600 on: see the head parser
    cell.bytes_in += record_.bytes_in;
    cell.bytes_out += record_.bytes_out;
    const std::size_t took = Histogram::index(static_cast<std::uint64_t>(duration));
    cell.duration.add(took, 1);
    if (record_.failure == Failure::client_closed) ++cell.aborted;
    if (record_.first_done && !record_.first_counted) {
        // A request that was sent the moment it came, as nearly all are, has one duration.
        const bool at_once = answers_first() && record_.attempt_us == record_.started_us;
        count_first(course_.upstream != nullptr && record_.first_upstream == course_.upstream->id ? cell : first_cell(),
                    at_once ? took : Histogram::index(static_cast<std::uint64_t>(whole_us())));
    }
    if (context_.access_log != nullptr) write_access_line();
}

// Before another generation routes the rest: what has been counts by the one that sent it.
void Exchange::count_first_now() {
    if (record_.first_done && !record_.first_counted)
        count_first(first_cell(), Histogram::index(static_cast<std::uint64_t>(whole_us())));
    record_.told_head = record_.told_whole = 0;  // of who takes it from here nothing has been told
}

void Exchange::note_bucket() {
    const auto index = [](std::int64_t us) {
        return static_cast<std::uint16_t>(Histogram::index(static_cast<std::uint64_t>(us > 0 ? us : 0)));
    };
    FailedBuckets::Sample sample;
    sample.bucket = static_cast<std::uint16_t>(course_.decision.hash >> (32 - FailedBuckets::kBucketBits));
    sample.latency = index(record_.first_head_us);
    sample.canary = course_.decision.arm != 0;
    sample.answer = record_.first_answer;
    if (!record_.stands_outside) sample.whole = index(whole_us());
    sample.told_head = record_.told_head;
    sample.told_whole = record_.told_whole;
    context_.note_bucket(course_.route->id, course_.in_force->generation, record_.first_failed, sample);
}

Cell& Exchange::first_cell() {
    return context_.cell(course_.route->id, record_.first_upstream, course_.in_force->generation, course_.keyless());
}

// A rollout wants to say where what it counts against a release came from. What its age told has been noted by then.
void Exchange::note_marks() {
    using Group = MarkNote::Group;
    if (course_.keyless()) return;  // nobody compares it
    const auto note = [&](Group group, AnswerKind kind = AnswerKind::ordinary) {
        note_mark(group, kind, record_.first_upstream, record_.first_endpoint);
    };
    if (record_.first_failed) note(Group::failed);
    if (record_.first_answer != AnswerKind::ordinary) note(Group::answer, record_.first_answer);
    const MarkLimits limits = course_.route->marks->limits();
    const auto passed = [](std::int64_t took_us, std::uint32_t limit_us, std::uint16_t told) {
        return took_us > static_cast<std::int64_t>(limit_us) && told <= Histogram::index(limit_us);
    };
    if (passed(record_.first_head_us, limits.slow_us, record_.told_head)) note(Group::slow);
    if (passed(record_.first_head_us, limits.tail_us, record_.told_head)) note(Group::tail);
    if (record_.stands_outside) return;
    if (passed(whole_us(), limits.late_us, record_.told_whole)) note(Group::late);
    if (passed(whole_us(), limits.late_tail_us, record_.told_whole)) note(Group::late_tail);
}

void Exchange::note_mark(MarkNote::Group group, AnswerKind kind, std::uint32_t upstream, std::uint32_t endpoint) {
    context_.note_mark(
        course_.route->id, upstream, course_.in_force->generation,
        {group, kind, record_.first_failure, record_.first_status, endpoint, asked_.method(), asked_.target.path});
}

}  // namespace switchyard::serve
