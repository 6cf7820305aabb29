#include "proxy/serve/http2_lane.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "proxy/base/log.h"
#include "proxy/http/websocket.h"
#include "proxy/serve/exchange.h"
#include "proxy/serve/http2_session.h"

namespace switchyard::serve {
namespace {

// Trailers beyond this have no honest use; what does not fit is left out, as it is where a route wants none.
constexpr std::size_t kMaxTrailers = 8 * 1024;
constexpr std::string_view kWebsocketKey = "sec-websocket-key";

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
    websocket_ = !wall.protocol().empty();
    if (verdict == http2::RequestHead::Verdict::bad) request_ = Request::bad;
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

void Http2Lane::refuse(const char* why) {
    refused_ = why;
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

Http2Lane::Request Http2Lane::take_head(http::Head& head, net::Buffer& text) {
    if (refused_ != nullptr) request_ = Request::bad;
    if (request_ == Request::here && websocket_) become_upgrade();
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
    char digits[20];
    const char* const end = std::to_chars(digits, digits + sizeof digits, body_.size()).ptr;
    add_line("content-length", {digits, static_cast<std::size_t>(end - digits)}, http::FieldName::content_length);
}

// What asks for a WebSocket in HTTP/1 (RFC 8441 §5): from here on it is treated as one that came so. The key is ours;
// whoever holds the endpoint's answer against it finds it among the fields.
void Http2Lane::become_upgrade() {
    constexpr std::string_view kGet = "GET";  // shorter than CONNECT, in whose place it stands
    std::memcpy(in.data() + head_.method.offset, kGet.data(), kGet.size());
    head_.method.length = kGet.size();
    for (std::uint16_t i = 0; i < head_.field_count; ++i)
        if (http::equals_lower(head_.fields[i].name.of(in.data()), kWebsocketKey)) head_.fields[i].drop = true;
    const std::uint64_t high = context_.random.next(), low = context_.random.next();
    const auto key = http::websocket_key(high, low);
    const bool fits = add_line("connection", "Upgrade", http::FieldName::connection) &&
                      add_line("upgrade", "websocket", http::FieldName::upgrade) &&
                      add_line(kWebsocketKey, {key.data(), key.size()}, http::FieldName::other);
    if (!fits) request_ = Request::too_large;
}

// Behind the others; false: there is no room.
bool Http2Lane::add_line(std::string_view name, std::string_view value, http::FieldName id) {
    const std::size_t size = name.size() + value.size() + 4;
    if (head_.field_count == http::kMaxFields || head_.size + size > http::kMaxHead) return false;
    const auto at = static_cast<std::uint16_t>(head_.size);
    char* end = in.room().data();
    end = std::copy(name.begin(), name.end(), end);
    *end++ = ':';
    *end++ = ' ';
    end = std::copy(value.begin(), value.end(), end);
    *end++ = '\r';
    *end++ = '\n';
    in.filled(size);
    http::Field& field = head_.fields[head_.field_count++];
    head_.size += static_cast<std::uint32_t>(size);
    field.name = {at, static_cast<std::uint16_t>(name.size())};
    field.value = {static_cast<std::uint16_t>(at + name.size() + 2), static_cast<std::uint16_t>(value.size())};
    field.id = id;
    field.drop = false;
    field.line_end = static_cast<std::uint16_t>(head_.size);
    if (id != http::FieldName::other) head_.known |= 1u << static_cast<unsigned>(id);
    return true;
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
