#include "proxy/serve/http2_lane.h"

#include "proxy/base/log.h"
#include "proxy/serve/exchange.h"
#include "proxy/serve/http2_session.h"

namespace switchyard::serve {

Http2Lane::Http2Lane(Http2Session& session, const ClientConnection& connection, ListenerPlace& place, std::uint32_t id)
    : ClientConnection(session.context(), place, connection.client_address()),
      request(session.context(), in),
      session_(session),
      id_(id) {
    client_port_ = connection.client_port();
    is_lane = true;
    stream.writable = true;
    ++context_.http2.unstarted;
}

Http2Lane::~Http2Lane() {
    --(started_ ? context_.http2.exchanges : context_.http2.unstarted);
}

void Http2Lane::head_came(const http2::RequestHead& wall, http2::RequestHead::Verdict verdict, bool end) {
    request.head_came(wall, verdict, end);
    stream.readable = end;
}

void Http2Lane::data_came(std::string_view octets, bool end) {
    request.data_came(octets, end);
    stream.readable = true;
    if (started_) wake();
}

void Http2Lane::break_off() {
    stream.readable = stream.writable = stream.hung_up = stream.broken = true;
    if (started_) wake();
}

void Http2Lane::refuse(const char* why) {
    request.refused = why;
    break_off();
}

void Http2Lane::invite() {
    held = false;
    stream.writable = true;
    if (started_) wake();
}

void Http2Lane::start() {
    started_ = true;
    --context_.http2.unstarted;
    ++context_.http2.exchanges;
    running_ = run();
    sleeper_ = running_.handle();
    woken();
}

void Http2Lane::woken() {
    budget.renew();
    resume_sleeper();
    if (!running_.done()) return session_.lane_rests();
    if (const auto failure = running_.failure()) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            log_error("an exchange ended with an exception: {}", error.what());
        } catch (...) {
            log_error("an exchange ended with an unknown exception");
        }
    }
    session_.over(*this);  // *this is gone
}

net::Running Http2Lane::run() {
    co_await Exchange::serve(*this);
}

Frames::Came Http2Lane::pull(Run& run) {
    if (stream.broken) return Came::failed;
    const Came came = request.pull(run);
    if (came == Came::wait) stream.readable = false;
    return came;
}

void Http2Lane::take(std::size_t octets) {
    if (octets == 0) return;
    request.take(octets);
    session_.taken(*this, octets);
}

bool Http2Lane::take_whole(std::size_t octets, net::Buffer& to) {
    if (!request.take_whole(octets, to)) return false;
    if (octets != 0) session_.taken(*this, octets);
    stream.readable = false;
    return true;
}

Frames::Put Http2Lane::note(Put put, bool end) {
    if (put == Put::wait) stream.writable = false;
    if (put == Put::out) said_all_ = said_all_ || end;
    return put;
}

Frames::Put Http2Lane::put_head(std::string_view head, bool end, std::uint64_t& sent) {
    // A head that waits may never go: the answer in its place begins with a head of its own.
    const Put put = session_.sender.put_head(*this, head, end, sent);
    headed_ = headed_ || put == Put::out;
    return note(put, end);
}

Frames::Put Http2Lane::put_trailers(std::string_view lines, std::uint64_t& sent) {
    return note(session_.sender.put_trailers(*this, lines, sent), true);
}

Frames::Put Http2Lane::put_data(std::string_view& octets, bool end, std::uint64_t& sent) {
    return note(session_.sender.put_data(*this, octets, end, sent), end);
}

// An interim answer, or a whole final one, or what is left of it.
net::Transfer Http2Lane::say(std::string_view octets) {
    std::uint64_t sent = 0;
    std::string_view left = octets;
    Put put = Put::out;
    if (!headed_) {
        const auto end = octets.find("\r\n\r\n") + 4;
        const bool interim = octets[std::string_view("HTTP/1.1 ").size()] == '1';
        const bool whole = !interim && end == octets.size();
        put = note(session_.sender.put_head(*this, octets.substr(0, end), whole, sent), whole);
        if (put == Put::out) {
            headed_ = !interim;
            left.remove_prefix(end);
        }
    }
    if (put == Put::out && !left.empty()) put = put_data(left, true, sent);
    if (put == Put::failed) return {net::Transfer::Status::failed, 0};
    const std::size_t taken = octets.size() - left.size();
    if (taken == 0) return {net::Transfer::Status::again, 0};
    return {net::Transfer::Status::done, taken};
}

net::Stream& Http2Lane::wire() const {
    return session_.wire();
}

void Http2Lane::make_last() {
    session_.end_gracefully();
}

}  // namespace switchyard::serve
