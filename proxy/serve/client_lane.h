// The client's end of an exchange: a request comes, answers go.
//
// Threads: one worker. Owns what of the head has been looked at; the connection is the session's.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/base/failure.h"
#include "proxy/http/head_parser.h"
#include "proxy/http/proxy_protocol.h"
#include "proxy/serve/client_connection.h"
#include "proxy/serve/lane.h"

namespace switchyard::serve {

class Http2Lane;
class Http2Request;

class ClientLane : public Lane {
  public:
    explicit ClientLane(ClientConnection& connection)
        : Lane(connection.in, &connection.stream, connection.is_lane ? frames_of(connection) : nullptr),
          connection_(connection) {}

    enum class Request : std::uint8_t {
        here,
        wait,
        others_turn,  // the budget is used up; there may be more at once
        bad,          // `why`
    };
    // The head's text moves into `text`, where it stays until the end.
    Request read_head(http::Head& head, net::Buffer& text, Failure& why);

    // An answer, or a part of one, that stands for itself.
    net::Transfer say(std::string_view octets);
    // HTTP/2: the answer that was begun ends with these trailers. False: there is no room for them now.
    bool end_with(std::string_view lines, std::uint64_t& sent) {
        return frames_->put_trailers(lines, sent) == Frames::Put::out;
    }
    // HTTP/2: what came by its stream; what HTTP/1 says of its connection and its framing is left out on the way to it.
    // Null: HTTP/1.
    const Http2Request* framed() const { return frames_ == nullptr ? nullptr : framed_request(); }
    // A head that is put into a block of frames has to leave room for them.
    bool takes_head(std::size_t size) const {
        constexpr std::size_t kAround = 256;
        return frames_ == nullptr || size <= net::BufferPool::kBlock - kAround;
    }
    // The client has said all it had to say so far.
    bool silent() const { return in_.empty() && !stream_->readable; }
    bool hung_up() const { return stream_->hung_up; }
    bool broken() const { return stream_->broken; }
    // Octets that were pushed and have not reached the client, as far as can be known.
    std::uint64_t unsent() const;

    // The connection ends with this answer.
    void make_last();
    bool closing() const { return last_ || connection_.context().stopping || connection_.place().gone(); }
    ClientConnection& connection() const { return connection_; }
    net::Tls* tls() const { return wire().tls(); }  // null: in clear
    const route::ClientAddress& address() const { return connection_.client_address(); }
    // Where the client's connection comes from and to; a port of 0: not known.
    void addresses(http::ProxyAddress& source, http::ProxyAddress& destination) const;

  private:
    Request read_framed_head(http::Head& head, net::Buffer& text, Failure& why);
    net::Stream& wire() const {
        if (frames_ != nullptr) [[unlikely]]
            return shared_wire();
        return *stream_;
    }
    net::Stream& shared_wire() const;
    const Http2Request* framed_request() const;
    Http2Lane& lane() const;
    static Frames* frames_of(ClientConnection& connection);
    void move_head(net::Buffer& text, std::size_t size);

    ClientConnection& connection_;
    http::HeadParser parser_;
    bool last_ = false;
    bool begun_ = false;  // more than an empty line of the head has come
};

}  // namespace switchyard::serve
