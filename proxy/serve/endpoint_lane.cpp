#include "proxy/serve/endpoint_lane.h"

#include "proxy/serve/shared_pool.h"

namespace switchyard::serve {

using Status = net::Transfer::Status;

// An empty send buffer takes a hundred octets, or the connection is no good.
bool EndpointLane::introduce(std::string_view octets) {
    const auto wrote = connection_->write(octets.data(), octets.size());
    if (wrote.status != Status::done || wrote.bytes != octets.size()) return false;
    sent_before_ = connection_->sent = octets.size();
    return true;
}

void EndpointLane::stand_on(std::unique_ptr<SharedLane> lane) {
    shared_ = std::move(lane);
    frames_ = shared_.get();
    stream_ = &shared_->stream;
    reused_ = false;
}

SharedLane& EndpointLane::join(SharedPool& pool) {
    pool.join(*shared_);
    return *shared_;
}

void EndpointLane::cut() {
    if (shared_ != nullptr)
        shared_->cut();
    else
        connection_->close_with_reset();
}

EndpointLane::Came EndpointLane::read_framed_head(http::Head& head) {
    if (shared_->take_head(head, buffer_)) return Came::here;
    return shared_->lost() == SharedLane::Lost::no ? Came::wait : Came::failed;
}

EndpointLane::Came EndpointLane::read_head(http::Head& head) {
    if (frames_ != nullptr) [[unlikely]]
        return read_framed_head(head);
    for (;;) {
        if (!buffer_.empty()) {
            buffer_.compact();
            const auto outcome = parser_.response(buffer_.unread(), head);
            if (outcome == http::HeadParser::Outcome::done) return Came::here;
            if (outcome != http::HeadParser::Outcome::more) return Came::malformed;
        }
        if (!connection_->readable) return Came::wait;
        const auto got = connection_->read(buffer_.room());
        if (got.status == Status::again) return Came::wait;
        if (got.status != Status::done) return got.status == Status::closed ? Came::closed : Came::failed;
        buffer_.filled(got.bytes);
    }
}

std::unique_ptr<upstream::Connection> EndpointLane::leave() {
    stream_ = nullptr;
    connection_->sent = connection_->tls() == nullptr ? sent_before_ + sent_bytes() : connection_->tls()->wire_sent();
    return std::move(connection_);
}

}  // namespace switchyard::serve
