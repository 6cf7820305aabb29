#include "proxy/serve/client_lane.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "proxy/serve/http2_lane.h"

namespace switchyard::serve {
namespace {

std::uint16_t port_of(const sockaddr_storage& address) {
    net::SocketAddress as_socket;
    as_socket.storage = address;
    return as_socket.port();
}

Failure failure_of(http::HeadParser::Outcome outcome) {
    switch (outcome) {
        case http::HeadParser::Outcome::target_long:
            return Failure::target_too_long;
        case http::HeadParser::Outcome::too_large:
            return Failure::head_too_large;
        case http::HeadParser::Outcome::bad_version:
            return Failure::bad_version;
        default:
            return Failure::bad_request;
    }
}

}  // namespace

Frames* ClientLane::frames_of(ClientConnection& connection) {
    return static_cast<Http2Lane*>(&connection);
}

Http2Lane& ClientLane::lane() const {
    return static_cast<Http2Lane&>(connection_);
}

net::Stream& ClientLane::shared_wire() const {
    return lane().wire();
}

ClientLane::Request ClientLane::read_framed_head(http::Head& head, net::Buffer& text, Failure& why) {
    const auto taken = lane().request.take_head(head, text);
    if (taken == Http2Request::Taken::here) return Request::here;
    why = taken == Http2Request::Taken::too_large ? Failure::head_too_large : Failure::bad_request;
    return Request::bad;
}

const Http2Request* ClientLane::framed_request() const {
    return &lane().request;
}

net::Transfer ClientLane::say(std::string_view octets) {
    if (frames_ != nullptr) return lane().say(octets);
    return stream_->write(octets.data(), octets.size());
}

void ClientLane::make_last() {
    last_ = true;
    if (frames_ != nullptr) lane().make_last();
}

ClientLane::Request ClientLane::read_head(http::Head& head, net::Buffer& text, Failure& why) {
    if (frames_ != nullptr) [[unlikely]]
        return read_framed_head(head, text, why);
    for (;;) {
        if (!begun_) in_.consume(http::HeadParser::skip_empty_lines(in_.unread()));
        const bool half_empty_line = !begun_ && in_.unread() == "\r";
        if (!in_.empty() && !half_empty_line) {
            begun_ = true;
            const auto outcome = parser_.request(in_.unread(), head);
            if (outcome == http::HeadParser::Outcome::done) {
                move_head(text, head.size);
                return Request::here;
            }
            if (outcome != http::HeadParser::Outcome::more) {
                why = failure_of(outcome);
                return Request::bad;
            }
        }
        if (!stream_->readable) return Request::wait;
        if (connection_.budget.over()) return Request::others_turn;
        in_.compact();
        const auto got = stream_->read(in_.room());
        if (got.status == net::Transfer::Status::closed || got.status == net::Transfer::Status::failed) {
            why = Failure::client_closed;
            return Request::bad;
        }
        connection_.budget.moved(got.bytes);
        in_.filled(got.bytes);
    }
}

// The head stands in one place until the end, in a block of its own. Of head and rest the smaller is copied, so that a
// pipeline of small requests is not moved by each of them.
void ClientLane::move_head(net::Buffer& text, std::size_t size) {
    if (in_.size() == size) return text.swap(in_);
    if (in_.size() >= 2 * size) {
        std::memcpy(text.room().data(), in_.data(), size);
        text.filled(size);
        in_.consume(size);
        return;
    }
    text.swap(in_);
    const auto rest = text.unread().substr(size);
    std::memcpy(in_.room().data(), rest.data(), rest.size());
    in_.filled(rest.size());
    text.truncate(size);
}

// What the kernel still holds has not reached the client: its buffer may be larger than what a slow client reads in a
// minute. On a shared connection it cannot be told whose it is: a lane that began behind a large download would
// seem to stand still.
std::uint64_t ClientLane::unsent() const {
    if (frames_ != nullptr) return 0;
    int in_kernel = 0;
    if (::ioctl(wire().descriptor(), SIOCOUTQ, &in_kernel) != 0 || in_kernel < 0) in_kernel = 0;
    return static_cast<std::uint64_t>(in_kernel) + stream_->unsent();
}

void ClientLane::addresses(http::ProxyAddress& source, http::ProxyAddress& destination) const {
    const int fd = wire().descriptor();
    source.bytes = address().bytes;
    source.port = connection_.client_port();
    sockaddr_storage end{};
    socklen_t length = sizeof end;
    if (source.port == 0 && ::getpeername(fd, reinterpret_cast<sockaddr*>(&end), &length) == 0)
        source.port = port_of(end);
    end = {};
    length = sizeof end;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&end), &length) == 0) {
        destination.bytes = route::ClientAddress::of(end).bytes;
        destination.port = port_of(end);
    }
}

}  // namespace switchyard::serve
