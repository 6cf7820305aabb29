#include "proxy/serve/context.h"

#include <algorithm>
#include <ctime>

#include "proxy/route/expression.h"

namespace switchyard::serve {

void Context::enter_thread() const {
    route::Expression::this_thread_is(worker_number + 1);
}

Cell& Context::cell(std::uint32_t route, std::uint32_t upstream, std::uint64_t generation, bool keyless) {
    if (route < cells_.size())
        for (const auto& slot : cells_[route])
            if (slot.upstream == upstream && slot.cell && slot.generation == generation && slot.keyless == keyless)
                return *slot.cell;
    return begin_cell(route, {upstream, keyless, generation, nullptr});
}

Cell& Context::begin_cell(std::uint32_t route, Slot begun) {
    if (route >= cells_.size()) cells_.resize(route + 1);
    auto& slots = cells_[route];
    const auto is_free = [&](const Slot& slot) { return slot.upstream == begun.upstream && !slot.cell; };
    const auto found = std::find_if(slots.begin(), slots.end(), is_free);
    Slot& slot = found != slots.end() ? *found : slots.emplace_back();
    slot = std::move(begun);
    slot.cell = std::make_unique<Cell>();
    dirty_.emplace_back(route, slot.upstream);
    return *slot.cell;
}

void Context::take_cells(WorkerReport& report) {
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

void Context::take_marks(WorkerReport& report) {
    for (const Noted& noted : noted_)
        if (const auto notes = noted.marks->notes(); !notes.empty()) {
            report.marks.push_back({noted.route, noted.upstream, noted.generation, {notes.begin(), notes.end()}});
            noted.marks->clear();
        }
}

upstream::EndpointLocal& Context::local(const upstream::Endpoint& endpoint) {
    const auto id = endpoint.state->id;
    if (id >= endpoints.size()) endpoints.resize(id + 1);
    auto& slot = endpoints[id];
    if (!slot) slot = std::make_unique<upstream::EndpointLocal>(poller, now_ms, endpoint.state);
    return *slot;
}

void Context::tend_pools() {
    for (const auto& local : endpoints) {
        if (!local) continue;
        local->pool.note_survivors();
        if (local->keep_idle_ms != 0) local->pool.close_idle(now_ms - local->keep_idle_ms);
    }
}

void Context::count_endpoint(upstream::EndpointLocal& local) {
    if (local.counted) return;
    local.counted = true;
    counted_.push_back(&local);
}

// Few routes and endpoints fail between two reports: a list is looked through.
void Context::note_failure(std::uint32_t route, std::uint32_t endpoint, std::uint64_t generation) {
    for (EndpointFailures& known : endpoint_failures_)
        if (known.route == route && known.endpoint == endpoint && known.generation == generation)
            return void(++known.failures);
    endpoint_failures_.push_back({route, endpoint, 1, generation});
}

void Context::note_mark(std::uint32_t route, std::uint32_t upstream, std::uint64_t generation, const MarkNote& note) {
    Noted* free = nullptr;
    for (Noted& noted : noted_) {
        if (noted.route == route && noted.upstream == upstream && noted.generation == generation)
            return noted.marks->add(note);
        if (noted.marks->notes().empty()) free = &noted;
    }
    if (free == nullptr) free = &noted_.emplace_back(0, 0, 0, std::make_unique<MarkNotes>());
    free->route = route, free->upstream = upstream, free->generation = generation;
    free->marks->add(note);
}

void Context::note_bucket(std::uint32_t route, std::uint64_t generation, bool failed,
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

namespace {

template <class T>
T& at(std::vector<std::unique_ptr<T>>& all, std::uint32_t id) {
    if (id >= all.size()) all.resize(id + 1);
    if (!all[id]) all[id] = std::make_unique<T>();
    return *all[id];
}

}  // namespace

void Context::keep_upstreams(const std::vector<bool>& held) {
    const auto forget = [&](auto& all) {
        for (std::size_t id = 0; id < all.size(); ++id)
            if (id >= held.size() || !held[id]) all[id].reset();
        while (!all.empty() && !all.back()) all.pop_back();
    };
    forget(breakers_);
    forget(queues_);
    // What was counted is on its way to control; the places for it are made again where somebody counts.
    for (auto& slots : cells_) std::erase_if(slots, [](const Slot& slot) { return !slot.cell; });
    while (!cells_.empty() && cells_.back().empty()) cells_.pop_back();
}

upstream::Breaker& Context::breaker(std::uint32_t upstream) {
    return at(breakers_, upstream);
}

upstream::WaitQueue& Context::queue(std::uint32_t upstream) {
    return at(queues_, upstream);
}

void Context::call_queues() {
    for (const auto& queue : queues_)
        if (queue) queue->call();
}

void Context::refresh_clock() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    now_us = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
    now_ms = now_us / 1000;
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == wall_seconds) return;
    wall_seconds = now.tv_sec;
    timespec fine{};
    ::clock_gettime(CLOCK_REALTIME, &fine);
    wall_ahead_us = static_cast<std::int64_t>(fine.tv_sec) * 1'000'000 + fine.tv_nsec / 1000 - now_us;
    tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    // strftime would follow the locale; HTTP dates do not.
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const int n = std::snprintf(date_line, sizeof date_line, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n",
                                kDays[parts.tm_wday], parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900,
                                parts.tm_hour, parts.tm_min, parts.tm_sec);
    date_line_size = static_cast<std::size_t>(n);
}

}  // namespace switchyard::serve
