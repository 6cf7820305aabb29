#include "proxy/serve/endpoint_lane.h"

#include <utility>

namespace switchyard::serve {

using Status = net::Transfer::Status;

void EndpointLane::stand_on(std::unique_ptr<upstream::Connection> connection, net::Waiter& waiter) {
    connection_ = std::move(connection);
    stream_ = connection_.get();
    reused_ = connection_->is_open();
    sent_before_ = connection_->sent;
    connection_->notify(&waiter);
}

// An empty send buffer takes a hundred octets, or the connection is no good.
bool EndpointLane::introduce(std::string_view octets) {
    const auto wrote = connection_->write(octets.data(), octets.size());
    if (wrote.status != Status::done || wrote.bytes != octets.size()) return false;
    sent_before_ = connection_->sent = octets.size();
    return true;
}

EndpointLane::Answer EndpointLane::read_head(http::Head& head) {
    for (;;) {
        if (!buffer_.empty()) {
            buffer_.compact();
            const auto outcome = parser_.response(buffer_.unread(), head);
            if (outcome == http::HeadParser::Outcome::done) return Answer::here;
            if (outcome != http::HeadParser::Outcome::more) return Answer::malformed;
        }
        if (!connection_->readable) return Answer::wait;
        const auto got = connection_->read(buffer_.room());
        if (got.status == Status::again) return Answer::wait;
        if (got.status != Status::done) return got.status == Status::closed ? Answer::closed : Answer::failed;
        buffer_.filled(got.bytes);
    }
}

void EndpointLane::drop_head(std::size_t size) {
    buffer_.consume(size);
    parser_.reset();
}

std::unique_ptr<upstream::Connection> EndpointLane::leave() {
    stream_ = nullptr;
    connection_->sent = sent_before_ + sent_bytes();
    return std::move(connection_);
}

}  // namespace switchyard::serve
