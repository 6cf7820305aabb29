#include "proxy/serve/shared_pool.h"

#include <algorithm>

#include "proxy/serve/shared_lane.h"

namespace switchyard::serve {

using Takes = SharedConnection::Takes;

namespace {

// How long an endpoint that chose HTTP/1 is not asked again.
constexpr std::int64_t kHttp1Ms = 10LL * 60 * 1000;
// So many connections to an endpoint are made at once where more than one is needed.
constexpr std::size_t kMostInMaking = 8;
constexpr const char* kPauses = "it takes no requests (SETTINGS_MAX_CONCURRENT_STREAMS is 0)";

}  // namespace

SharedPool& SharedPool::of(WorkerContext& context, upstream::EndpointLocal& local) {
    if (!local.shared) local.shared = std::make_unique<SharedPool>(context, local);
    return static_cast<SharedPool&>(*local.shared);
}

SharedConnection* SharedPool::with_place(const net::OutwardTls* how) const {
    for (const auto& connection : all_)
        if (connection->how() == how && connection->free_places() != 0) return connection.get();
    return nullptr;
}

std::size_t SharedPool::count(const net::OutwardTls* how, Takes takes) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        all_, [&](const auto& connection) { return connection->how() == how && connection->takes() == takes; }));
}

// The endpoint takes none for now. One such beside those that are merely full says nothing yet; but no more are made
// than that, or they would be made without end.
bool SharedPool::pauses(const net::OutwardTls* how) const {
    return count(how, Takes::none_now) > count(how, Takes::lanes);
}

bool SharedPool::may_make(const net::OutwardTls* how) const {
    if (pauses(how)) return false;
    const std::size_t making = count(how, Takes::unknown);
    if (making == 0) return true;
    if (known_limit_ == 0) return false;
    return making < std::min(kMostInMaking, (waiting_.size() + known_limit_ - 1) / known_limit_);
}

void SharedPool::join(SharedLane& lane) {
    SharedConnection* const connection = waiting_.empty() ? with_place(lane.upstream_.tls.get()) : nullptr;
    if (connection != nullptr) return place(lane, *connection);
    waiting_.push_back(&lane);
    fill();
}

void SharedPool::place(SharedLane& lane, SharedConnection& connection) {
    lane.stand_on(connection, connection.takes() != Takes::unknown);
    connection.attach(lane);
}

void SharedPool::leave_queue(const SharedLane& lane) {
    std::erase(waiting_, &lane);
}

// In their order, and each by its own way of TLS.
void SharedPool::fill() {
    for (std::size_t i = 0; i < waiting_.size();) {
        SharedLane& lane = *waiting_[i];
        const net::OutwardTls* const how = lane.upstream_.tls.get();
        SharedConnection* const connection = with_place(how);
        if (connection == nullptr) {
            lane.granted_.why = pauses(how) ? kPauses : "";
            if (may_make(how)) make(lane);
            // It may have failed at once, and the lane with it.
            if (i < waiting_.size() && waiting_[i] == &lane) ++i;
            continue;
        }
        waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
        place(lane, *connection);
        lane.waiter_.wake();
    }
}

void SharedPool::make(SharedLane& lane) {
    auto wire = local_.pool.fresh(lane.upstream_.tls);
    all_.push_back(std::make_unique<SharedConnection>(*this, std::move(wire)));
    SharedConnection& made = *all_.back();
    if (const Failure failure = made.begin(lane.endpoint_, lane.upstream_); failure != Failure::none)
        failed(made, failure, {});
}

template <class Tell>
void SharedPool::tell_waiting(const net::OutwardTls* how, Tell tell) {
    std::erase_if(waiting_, [&](SharedLane* lane) {
        if (lane->upstream_.tls.get() != how) return false;
        tell(*lane);
        return true;
    });
}

// Lanes that waited for it fail with it: each request may go elsewhere.
void SharedPool::failed(SharedConnection& connection, Failure failure, const std::string& why) {
    tell_waiting(connection.how(), [&](SharedLane& lane) { lane.give_up(failure, why); });
    over(connection);
}

void SharedPool::chose_http1(const net::OutwardTls* how, std::unique_ptr<upstream::Connection> wire) {
    http1_until_ms_ = context_.now_ms + kHttp1Ms;
    tell_waiting(how, [&](SharedLane& lane) { lane.use_http1(std::move(wire)); });
}

void SharedPool::over(SharedConnection& connection) {
    std::erase_if(all_, [&](const auto& other) { return other.get() == &connection; });
    fill();
}

void SharedPool::keep_only(const net::OutwardTls* how, bool wanted) {
    for (const auto& connection : all_)
        if (!wanted || connection->how() != how) connection->end();
    if (!wanted) http1_until_ms_ = 0;
}

void SharedPool::retire(bool on) {
    retired_ = on;
    if (!on) return;
    for (const auto& connection : all_) connection->end();
}

void SharedPool::close_idle(std::int64_t oldest_ms) {
    for (const auto& connection : all_)
        if (connection->idle(oldest_ms)) connection->end();
}

std::size_t SharedPool::idle() const {
    return static_cast<std::size_t>(std::ranges::count_if(all_, [](const auto& one) { return one->idle(); }));
}

std::size_t SharedPool::lanes() const {
    std::size_t sum = waiting_.size();
    for (const auto& connection : all_) sum += connection->lanes();
    return sum;
}

}  // namespace switchyard::serve
