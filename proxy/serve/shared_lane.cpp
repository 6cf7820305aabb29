#include "proxy/serve/shared_lane.h"

#include <cstring>

#include "proxy/serve/shared_connection.h"
#include "proxy/serve/shared_pool.h"

namespace switchyard::serve {
namespace {

// Trailers beyond this have no honest use; what does not fit is left out.
constexpr std::size_t kMostTrailers = 8 * 1024;
// Interim answers that came together and were not passed on yet: more are not waited for.
constexpr std::size_t kMostHeads = 16;

}  // namespace

SharedLane::SharedLane(SharedPool& pool, net::Waiter& waiter, const upstream::Endpoint& endpoint,
                       const upstream::Upstream& upstream, Asks asks)
    : pool_(pool),
      waiter_(waiter),
      endpoint_(endpoint),
      upstream_(upstream),
      asks_(asks),
      body_(pool.context().buffers) {
    stream.writable = true;
}

SharedLane::~SharedLane() {
    if (connection_ != nullptr)
        connection_->leave(*this);
    else
        pool_.leave_queue(*this);
}

void SharedLane::stand_on(SharedConnection& connection, bool reused) {
    connection_ = &connection;
    place_ = Place::here;
    reused_ = reused;
}

void SharedLane::give_up(Failure failure, const std::string& why) {
    place_ = Place::failed;
    failure_ = failure;
    why_ = why;
    waiter_.wake();
}

void SharedLane::use_http1(std::unique_ptr<upstream::Connection> wire) {
    wire_ = std::move(wire);
    place_ = Place::http1;
    waiter_.wake();
}

void SharedLane::head_came(std::string_view text, const http::Head& head, bool end) {
    if (heads_.size() == kMostHeads) {
        if (connection_ != nullptr) connection_->give_up(*this);
        return lose(Lost::malformed, "more interim answers at once than are passed on");
    }
    heads_.push_back(std::make_unique<CameHead>(CameHead{std::string(text), head}));
    heard_ = true;
    ended_ = end;
    stream.readable = true;
    waiter_.wake();
}

void SharedLane::data_came(std::string_view octets, bool end) {
    body_.append(octets);
    ended_ = ended_ || end;
    stream.readable = true;
    waiter_.wake();
}

void SharedLane::trailer_came(std::string_view name, std::string_view value) {
    if (trailers_.size() + name.size() + value.size() + 4 > kMostTrailers) return;
    trailers_.append(name).append(": ").append(value).append("\r\n");
}

// An answer that is here as a whole stands, whatever becomes of the way to ask for it.
void SharedLane::lose(Lost how, const char* why) {
    if (lost_ != Lost::no) return;
    lost_ = how;
    if (why != nullptr) why_ = why;
    stream.readable = stream.writable = true;
    waiter_.wake();
}

void SharedLane::invite() {
    stream.writable = true;
    waiter_.wake();
}

bool SharedLane::take_head(http::Head& head, net::Buffer& text) {
    if (heads_.empty()) {
        if (lost_ == Lost::no) stream.readable = false;
        return false;
    }
    const CameHead& came = *heads_.front();
    head = came.head;
    std::memcpy(text.room().data(), came.text.data(), came.text.size());
    text.filled(came.text.size());
    heads_.pop_front();
    return true;
}

void SharedLane::cut() {
    if (connection_ != nullptr) connection_->give_up(*this);
}

Frames::Came SharedLane::pull(Run& run) {
    const auto front = body_.front();
    if (front.empty() && !ended_) {
        if (lost_ != Lost::no) return Came::failed;
        stream.readable = false;
        return Came::wait;
    }
    run = {front.data(), front.size(), ended_ && front.size() == body_.size()};
    return Came::here;
}

void SharedLane::take(std::size_t octets) {
    if (octets == 0) return;
    body_.consume(octets);
    if (connection_ != nullptr) connection_->taken(*this, octets);
}

bool SharedLane::take_whole(std::size_t octets, net::Buffer& to) {
    if (!ended_ || body_.size() != octets || !trailers_.empty() || octets > to.room().size()) return false;
    while (!body_.empty()) {
        const auto front = body_.front();
        std::memcpy(to.room().data(), front.data(), front.size());
        to.filled(front.size());
        body_.consume(front.size());
    }
    return true;
}

Frames::Put SharedLane::note(Put put, bool end) {
    if (put == Put::wait) stream.writable = false;
    if (put == Put::out) said_all_ = said_all_ || end;
    return put;
}

Frames::Put SharedLane::put_head(std::string_view head, bool end, std::uint64_t& sent) {
    if (lost_ != Lost::no || connection_ == nullptr) return Put::failed;
    const bool ends = end && asks_ != Asks::tunnel;
    return note(connection_->put_head(*this, head, ends, sent), ends);
}

Frames::Put SharedLane::put_trailers(std::string_view lines, std::uint64_t& sent) {
    if (lost_ != Lost::no || connection_ == nullptr) return Put::failed;
    return note(connection_->put_trailers(*this, lines, sent), true);
}

Frames::Put SharedLane::put_data(std::string_view& octets, bool end, std::uint64_t& sent) {
    if (lost_ != Lost::no || connection_ == nullptr) return Put::failed;
    return note(connection_->put_data(*this, octets, end, sent), end);
}

}  // namespace switchyard::serve
