// How long exchanges have been under way: what makes a slow request known as slow before it ends.
//
// No timer and nothing on the path of a request: with each report that asks for it, a worker looks at those that are
// under way, and each remembers what was told of it. Ages run from the moment the attempt was sent, as what a first
// attempt is recorded with when it ends.
#include <algorithm>

#include "proxy/serve/account.h"

namespace switchyard::serve {
namespace {

std::uint16_t age_index(std::int64_t microseconds) {
    return static_cast<std::uint16_t>(
        Histogram::index(static_cast<std::uint64_t>(std::max<std::int64_t>(0, microseconds))));
}

Histogram& waited(WorkerReport& report, const Passage& like) {
    for (HeadsWaited& known : report.heads_waited)
        if (known.route == like.route && known.upstream == like.upstream && known.generation == like.generation &&
            known.keyless == like.keyless)
            return *known.ages;
    report.heads_waited.push_back(
        {like.route, like.upstream, like.generation, like.keyless, std::make_unique<Histogram>()});
    return *report.heads_waited.back().ages;
}

}  // namespace

void Account::tell_ages(WorkerContext& context, WorkerReport& report) {
    for (UnderWay& each : context.under_way) static_cast<Account&>(each).tell_age(report);
}

void Account::tell_age(WorkerReport& report) {
    const bool head = !first_.done;
    // Who waits for a place has not been sent yet; of one that was tried again only the first attempt is measured.
    if (course_.upstream == nullptr || (head ? !lease_.held() : !answers_first())) return;
    const std::int64_t age_us = context_.now_us - record.attempt_us;
    Passage passage = passage_of(head ? Passage::Of::both : Passage::Of::whole);
    if (head) waited(report, passage).record(static_cast<std::uint64_t>(std::max<std::int64_t>(0, age_us)));
    passage.from = first_.told_whole;
    passage.to = age_index(age_us);
    if (passage.to <= passage.from) return;
    first_.told_whole = passage.to;
    if (head) first_.told_head = passage.to;
    report.passages.push_back(passage);
    if (course_.route->marks->noting.load(std::memory_order_acquire)) note_age(passage);
}

// Who waits is a mark before it ends, and its client may leave: where it waits is noted as soon as that is known.
void Account::note_age(const Passage& passage) const {
    using Group = MarkNote::Group;
    if (passage.keyless) return;
    const std::uint32_t endpoint = first_.done ? first_.endpoint : lease_.endpoint()->state->id;
    const auto note = [&](std::uint32_t limit_us, Group group) {
        const std::size_t limit = Histogram::index(limit_us);
        if (passage.from <= limit && passage.to > limit)
            note_mark(group, AnswerKind::ordinary, passage.upstream, endpoint);
    };
    const MarkLimits limits = course_.route->marks->limits();
    if (passage.of == Passage::Of::both) note(limits.slow_us, Group::slow), note(limits.tail_us, Group::tail);
    note(limits.late_us, Group::late), note(limits.late_tail_us, Group::late_tail);
}

Passage Account::passage_of(Passage::Of of) const {
    Passage out;
    out.generation = course_.in_force->generation;
    out.route = course_.route->id;
    out.upstream = first_.done ? first_.upstream : course_.upstream->id;
    out.of = of;
    out.keyless = course_.keyless();
    out.hashed = course_.decision.has_hash && !course_.route->split.single();
    out.canary = course_.decision.arm != 0;
    out.bucket = static_cast<std::uint16_t>(course_.decision.hash >> (32 - FailedBuckets::kBucketBits));
    return out;
}

// It is counted now by how long it took: what was told of it before is taken back where that counts again.
void Account::tell_over() const {
    for (const auto& [of, told] :
         {std::pair{Passage::Of::head, first_.told_head}, {Passage::Of::whole, first_.told_whole}}) {
        if (told == 0 || (of == Passage::Of::whole && first_.stands_outside)) continue;
        Passage passage = passage_of(of);
        passage.from = told;
        passage.over = true;
        context_.tell(passage);
    }
}

void Account::stand_outside() {
    first_.stands_outside = true;
    if (is_linked()) unlink();
}

std::int64_t Account::whole_us() const {
    return answers_first() ? context_.now_us - record.attempt_us : first_.head_us;
}

}  // namespace switchyard::serve
