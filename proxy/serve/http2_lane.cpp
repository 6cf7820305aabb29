#include "proxy/serve/http2_lane.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "proxy/base/log.h"
#include "proxy/serve/exchange.h"
#include "proxy/serve/http2_session.h"

namespace switchyard::serve {
namespace {

// Trailers beyond this have no honest use; what does not fit is left out, as it is where a route wants none.
constexpr std::size_t kMaxTrailers = 8 * 1024;

}  // namespace

Http2Lane::Http2Lane(Http2Session& session, const ClientConnection& connection, ListenerPlace& place, std::uint32_t id)
    : ClientConnection(session.context(), place, connection.client_address()),
      session_(session),
      id_(id),
      body_(session.context().buffers) {
    client_port_ = connection.client_port();
    is_lane = true;
    stream.writable = true;
    ++context_.http2.unstarted;
}

Http2Lane::~Http2Lane() {
    --(started_ ? context_.http2.exchanges : context_.http2.unstarted);
    context_.http2.undelivered -= body_.size();
}

void Http2Lane::head_came(const http2::RequestHead& wall, http2::RequestHead::Verdict verdict, bool end) {
    in.filled(head_.size);
    ended_ = end;
    stream.readable = end;
    why_ = wall.why();
    if (verdict == http2::RequestHead::Verdict::bad) request_ = Request::malformed;
    if (verdict == http2::RequestHead::Verdict::too_large) request_ = Request::too_large;
}

void Http2Lane::data_came(std::string_view octets, bool end) {
    body_.append(octets);
    context_.http2.undelivered += octets.size();
    ended_ = ended_ || end;
    stream.readable = true;
    if (started_) wake();
}

void Http2Lane::trailer_came(std::string_view name, std::string_view value) {
    if (trailers_.size() + name.size() + value.size() + 4 > kMaxTrailers) return;
    trailers_.append(name).append(": ").append(value).append("\r\n");
}

void Http2Lane::break_off() {
    stream.readable = stream.writable = stream.hung_up = stream.broken = true;
    if (started_) wake();
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

Http2Lane::Request Http2Lane::take_head(http::Head& head, net::Buffer& text) {
    if (request_ != Request::here) {
        head.size = 0;
        return request_;
    }
    // Many an endpoint dislikes a body of unknown length; where it is here as a whole its length is known. Trailers
    // need chunks.
    if (ended_ && !body_.empty() && trailers_.empty() && !head_.has(http::FieldName::content_length)) add_length();
    text.swap(in);
    head = head_;
    return Request::here;
}

void Http2Lane::add_length() {
    if (head_.field_count == http::kMaxFields) return;
    constexpr std::string_view kName = "content-length: ";
    char line[40];
    char* end = std::copy(kName.begin(), kName.end(), line);
    end = std::to_chars(end, line + sizeof line, body_.size()).ptr;
    const auto digits = static_cast<std::size_t>(end - line) - kName.size();
    *end++ = '\r';
    *end++ = '\n';
    const auto size = static_cast<std::size_t>(end - line);
    if (head_.size + size > http::kMaxHead) return;
    std::memcpy(in.room().data(), line, size);
    in.filled(size);
    http::Field& field = head_.fields[head_.field_count++];
    const auto at = static_cast<std::uint16_t>(head_.size);
    head_.size += static_cast<std::uint32_t>(size);
    field.name = {at, static_cast<std::uint16_t>(kName.size() - 2)};
    field.value = {static_cast<std::uint16_t>(at + kName.size()), static_cast<std::uint16_t>(digits)};
    field.id = http::FieldName::content_length;
    field.drop = false;
    field.line_end = static_cast<std::uint16_t>(head_.size);
    head_.known |= 1u << static_cast<unsigned>(http::FieldName::content_length);
}

Frames::Came Http2Lane::pull(Run& run) {
    if (stream.broken) return Came::failed;
    const auto front = body_.front();
    if (front.empty() && !ended_) {
        stream.readable = false;
        return Came::wait;
    }
    run = {front.data(), front.size(), ended_ && front.size() == body_.size()};
    return Came::here;
}

void Http2Lane::take(std::size_t octets) {
    if (octets == 0) return;
    body_.consume(octets);
    context_.http2.undelivered -= octets;
    session_.taken(*this, octets);
}

bool Http2Lane::take_whole(std::size_t octets, net::Buffer& to) {
    if (!ended_ || body_.size() != octets || !trailers_.empty() || octets > to.room().size()) return false;
    for (std::size_t left = octets; left != 0;) {
        const auto front = body_.front();
        std::memcpy(to.room().data(), front.data(), front.size());
        to.filled(front.size());
        left -= front.size();
        take(front.size());
    }
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
    const Put put = session_.put_head(*this, head, end, sent);
    headed_ = headed_ || put == Put::out;
    return note(put, end);
}

Frames::Put Http2Lane::put_trailers(std::string_view lines, std::uint64_t& sent) {
    return note(session_.put_trailers(*this, lines, sent), true);
}

Frames::Put Http2Lane::put_data(std::string_view& octets, bool end, std::uint64_t& sent) {
    return note(session_.put_data(*this, octets, end, sent), end);
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
        put = note(session_.put_head(*this, octets.substr(0, end), whole, sent), whole);
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
