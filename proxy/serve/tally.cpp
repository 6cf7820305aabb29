#include "proxy/serve/tally.h"

#include <algorithm>

namespace switchyard::serve {

Cell& Tally::cell(std::uint32_t route, std::uint32_t upstream, std::uint64_t generation, bool keyless) {
    if (route < cells_.size())
        for (const auto& slot : cells_[route])
            if (slot.upstream == upstream && slot.cell && slot.generation == generation && slot.keyless == keyless)
                return *slot.cell;
    return begin_cell(route, {upstream, keyless, generation, nullptr});
}

Cell& Tally::begin_cell(std::uint32_t route, Slot begun) {
    if (route >= cells_.size()) cells_.resize(route + 1);
    auto& slots = cells_[route];
    const auto is_free = [&](const Slot& slot) { return slot.upstream == begun.upstream && !slot.cell; };
    const auto found = std::find_if(slots.begin(), slots.end(), is_free);
    Slot& slot = found != slots.end() ? *found : slots.emplace_back();
    slot = std::move(begun);
    dirty_.emplace_back(route, slot.upstream);  // before the cell: one that no report finds would count for nothing
    slot.cell = std::make_unique<Cell>();
    return *slot.cell;
}

void Tally::take_cells(WorkerReport& report) {
    for (auto [route, upstream] : dirty_)
        for (auto& slot : cells_[route])
            if (slot.upstream == upstream && slot.cell)
                report.cells.push_back({route, upstream, std::move(slot.cell), slot.generation, slot.keyless});
    dirty_.clear();
    for (auto* local : counted_) {
        report.endpoints.push_back({local->state->id, local->counts, std::move(local->refused)});
        local->counts = {};
        local->refused.clear();
        local->counted = false;
    }
    counted_.clear();
    report.failed_buckets = std::move(failed_buckets_);
    failed_buckets_.clear();
    report.endpoint_failures = std::move(endpoint_failures_);
    endpoint_failures_.clear();
    report.passages = std::move(passages_);
    passages_.clear();
}

void Tally::take_marks(WorkerReport& report) {
    for (const Noted& noted : noted_)
        if (const auto notes = noted.marks->notes(); !notes.empty()) {
            report.marks.push_back({noted.route, noted.upstream, noted.generation, {notes.begin(), notes.end()}});
            noted.marks->clear();
        }
}

void Tally::count_endpoint(upstream::EndpointLocal& local) {
    if (local.counted) return;
    counted_.push_back(&local);
    local.counted = true;
}

// Few routes and endpoints fail between two reports: a list is looked through.
void Tally::note_failure(std::uint32_t route, std::uint32_t endpoint, std::uint64_t generation) {
    for (EndpointFailures& known : endpoint_failures_)
        if (known.route == route && known.endpoint == endpoint && known.generation == generation)
            return void(++known.failures);
    endpoint_failures_.push_back({route, endpoint, 1, generation});
}

void Tally::note_mark(std::uint32_t route, std::uint32_t upstream, std::uint64_t generation, const MarkNote& note) {
    Noted* free = nullptr;
    for (Noted& noted : noted_) {
        if (noted.route == route && noted.upstream == upstream && noted.generation == generation)
            return noted.marks->add(note);
        if (noted.marks->notes().empty()) free = &noted;
    }
    if (free == nullptr) free = &noted_.emplace_back(Noted{0, 0, 0, std::make_unique<MarkNotes>()});
    free->route = route, free->upstream = upstream, free->generation = generation;
    free->marks->add(note);
}

void Tally::note_bucket(std::uint32_t route, std::uint64_t generation, bool failed,
                        const FailedBuckets::Sample& sample) {
    FailedBuckets* entry = nullptr;
    for (auto& known : failed_buckets_)
        if (known.route == route && known.generation == generation) entry = &known;
    if (entry == nullptr) {
        entry = &failed_buckets_.emplace_back();
        entry->route = route;
        entry->generation = generation;
    }
    if (failed) (sample.canary ? entry->canary : entry->baseline).push_back(sample.bucket);
    if (entry->samples.size() < FailedBuckets::kMostSamples) entry->samples.push_back(sample);
}

void Tally::forget_places() {
    for (auto& slots : cells_) std::erase_if(slots, [](const Slot& slot) { return !slot.cell; });
    while (!cells_.empty() && cells_.back().empty()) cells_.pop_back();
}

}  // namespace switchyard::serve
