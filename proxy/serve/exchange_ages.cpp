// How long exchanges have been under way: what makes a slow request known as slow before it ends.
//
// No timer and nothing on the path of a request: with each report that asks for it, a worker looks at those that are
// under way, and each remembers what was told of it. Ages run from the moment the attempt was sent, as what a first
// attempt is recorded with when it ends.
#include <algorithm>

#include "proxy/http/characters.h"
#include "proxy/serve/exchange.h"

namespace switchyard::serve {
namespace {

// An answer that is larger takes its time by its size, and by the client's.
constexpr std::uint64_t kLargest = 1U << 20U;

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

bool begins_with(std::string_view text, std::string_view lower) {
    if (text.size() < lower.size()) return false;
    return std::ranges::equal(text.substr(0, lower.size()), lower, {}, [](char c) { return http::lower(c); });
}

}  // namespace

void Exchange::tell_ages(Context& context, WorkerReport& report) {
    for (UnderWay& each : context.under_way) static_cast<Exchange&>(each).tell_age(report);
}

void Exchange::tell_age(WorkerReport& report) {
    const bool head = !record_.first_done;
    // Who waits for a place has not been sent yet; of one that was tried again only the first attempt is measured.
    if (course_.upstream == nullptr || (head ? endpoint_ == nullptr : !answers_first())) return;
    const std::int64_t age_us = context_.now_us - record_.attempt_us;
    Passage passage = passage_of(head ? Passage::Of::both : Passage::Of::whole);
    if (head) waited(report, passage).record(static_cast<std::uint64_t>(std::max<std::int64_t>(0, age_us)));
    passage.from = record_.told_whole;
    passage.to = age_index(age_us);
    if (passage.to <= passage.from) return;
    record_.told_whole = passage.to;
    if (head) record_.told_head = passage.to;
    report.passages.push_back(passage);
    if (course_.route->marks->noting.load(std::memory_order_acquire)) note_age(passage);
}

// Who waits is a mark before it ends, and its client may leave: where it waits is noted as soon as that is known.
void Exchange::note_age(const Passage& passage) {
    using Group = MarkNote::Group;
    if (passage.keyless) return;
    const std::uint32_t endpoint = record_.first_done ? record_.first_endpoint : endpoint_->state->id;
    const auto note = [&](std::uint32_t limit_us, Group group) {
        const std::size_t limit = Histogram::index(limit_us);
        if (passage.from <= limit && passage.to > limit)
            note_mark(group, AnswerKind::ordinary, passage.upstream, endpoint);
    };
    const MarkLimits limits = course_.route->marks->limits();
    if (passage.of == Passage::Of::both) note(limits.slow_us, Group::slow), note(limits.tail_us, Group::tail);
    note(limits.late_us, Group::late), note(limits.late_tail_us, Group::late_tail);
}

Passage Exchange::passage_of(Passage::Of of) const {
    Passage out;
    out.generation = course_.in_force->generation;
    out.route = course_.route->id;
    out.upstream = record_.first_done ? record_.first_upstream : course_.upstream->id;
    out.of = of;
    out.keyless = course_.keyless();
    out.hashed = course_.decision.has_hash && !course_.route->split.single();
    out.canary = course_.decision.arm != 0;
    out.bucket = static_cast<std::uint16_t>(course_.decision.hash >> (32 - FailedBuckets::kBucketBits));
    return out;
}

// It is counted now by how long it took: what was told of it before is taken back where that counts again.
void Exchange::tell_over() {
    for (const auto& [of, told] :
         {std::pair{Passage::Of::head, record_.told_head}, {Passage::Of::whole, record_.told_whole}}) {
        if (told == 0 || (of == Passage::Of::whole && record_.stands_outside)) continue;
        Passage passage = passage_of(of);
        passage.from = told;
        passage.over = true;
        context_.tell(passage);
    }
}

// What has no end, or one that says more about its size than about the release.
bool Exchange::duration_stands_outside() const {
    const http::Body& body = response_guard_.body;
    if (body.kind == http::Body::Kind::none) return false;
    if (body.kind == http::Body::Kind::length) return body.length > kLargest;
    for (std::uint16_t i = 0; i < response_.field_count; ++i) {
        const auto name = response_.fields[i].name.of(endpoint_lane_.base());
        if (name.size() != std::string_view("content-type").size() || !begins_with(name, "content-type")) continue;
        const auto type = response_.fields[i].value.of(endpoint_lane_.base());
        return begins_with(type, "text/event-stream") || begins_with(type, "application/grpc");
    }
    return false;
}

void Exchange::stand_outside() {
    record_.stands_outside = true;
    if (is_linked()) unlink();
}

std::int64_t Exchange::whole_us() const {
    return answers_first() ? context_.now_us - record_.attempt_us : record_.first_head_us;
}

}  // namespace switchyard::serve
