#include "proxy/serve/http2_request.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "proxy/http/websocket.h"

namespace switchyard::serve {
namespace {

// Trailers beyond this have no honest use; what does not fit is left out, as it is where a route wants none.
constexpr std::size_t kMaxTrailers = 8 * 1024;
constexpr std::string_view kWebsocketKey = "sec-websocket-key";

}  // namespace

void Http2Request::head_came(const http2::RequestHead& wall, http2::RequestHead::Verdict verdict, bool end) {
    text_.filled(head_.size);
    ended_ = end;
    why_ = wall.why();
    websocket_ = !wall.protocol().empty();
    if (verdict == http2::RequestHead::Verdict::bad) head_is_ = Taken::bad;
    if (verdict == http2::RequestHead::Verdict::too_large) head_is_ = Taken::too_large;
}

void Http2Request::data_came(std::string_view octets, bool end) {
    body_.append(octets);
    context_.http2.undelivered += octets.size();
    ended_ = ended_ || end;
}

void Http2Request::trailer_came(std::string_view name, std::string_view value) {
    if (trailers_.size() + name.size() + value.size() + 4 > kMaxTrailers) return;
    trailers_.append(name).append(": ").append(value).append("\r\n");
}

Http2Request::Taken Http2Request::take_head(http::Head& head, net::Buffer& text) {
    if (refused != nullptr) head_is_ = Taken::bad;
    if (head_is_ == Taken::here && websocket_) become_upgrade();
    if (head_is_ != Taken::here) {
        head.size = 0;
        return head_is_;
    }
    // Many an endpoint dislikes a body of unknown length; where it is here as a whole its length is known. Trailers
    // need chunks. What is said in a tunnel is no body.
    const bool tunnel = websocket_ || head_.method.of(text_.data()) == "CONNECT";
    if (!tunnel && ended_ && !body_.empty() && trailers_.empty() && !head_.has(http::FieldName::content_length))
        add_length();
    text.swap(text_);
    head = head_;
    return Taken::here;
}

void Http2Request::add_length() {
    char digits[20];
    const char* const end = std::to_chars(digits, digits + sizeof digits, body_.size()).ptr;
    add_line("content-length", {digits, static_cast<std::size_t>(end - digits)}, http::FieldName::content_length);
}

// What asks for a WebSocket in HTTP/1 (RFC 8441 §5): from here on it is treated as one that came so. The key is ours;
// EndpointAnswer, which holds the endpoint's proof against it, finds it among the fields.
void Http2Request::become_upgrade() {
    constexpr std::string_view kGet = "GET";  // shorter than CONNECT, in whose place it stands
    std::memcpy(text_.data() + head_.method.offset, kGet.data(), kGet.size());
    head_.method.length = kGet.size();
    for (std::uint16_t i = 0; i < head_.field_count; ++i)
        if (http::equals_lower(head_.fields[i].name.of(text_.data()), kWebsocketKey)) head_.fields[i].drop = true;
    const std::uint64_t high = context_.random.next(), low = context_.random.next();
    const auto key = http::websocket_key(high, low);
    const bool fits = add_line("connection", "Upgrade", http::FieldName::connection) &&
                      add_line("upgrade", "websocket", http::FieldName::upgrade) &&
                      add_line(kWebsocketKey, {key.data(), key.size()}, http::FieldName::other);
    if (!fits) head_is_ = Taken::too_large;
}

// Behind the others; false: there is no room.
bool Http2Request::add_line(std::string_view name, std::string_view value, http::FieldName id) {
    const std::size_t size = name.size() + value.size() + 4;
    if (head_.field_count == http::kMaxFields || head_.size + size > http::kMaxHead) return false;
    const auto at = static_cast<std::uint16_t>(head_.size);
    char* end = text_.room().data();
    end = std::copy(name.begin(), name.end(), end);
    *end++ = ':';
    *end++ = ' ';
    end = std::copy(value.begin(), value.end(), end);
    *end++ = '\r';
    *end++ = '\n';
    text_.filled(size);
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

Frames::Came Http2Request::pull(Run& run) const {
    const auto front = body_.front();
    if (front.empty() && !ended_) return Frames::Came::wait;
    run = {front.data(), front.size(), ended_ && front.size() == body_.size()};
    return Frames::Came::here;
}

void Http2Request::take(std::size_t octets) {
    body_.consume(octets);
    context_.http2.undelivered -= octets;
}

bool Http2Request::take_whole(std::size_t octets, net::Buffer& to) {
    if (!ended_ || body_.size() != octets || !trailers_.empty() || octets > to.room().size()) return false;
    for (std::size_t left = octets; left != 0;) {
        const auto front = body_.front();
        std::memcpy(to.room().data(), front.data(), front.size());
        to.filled(front.size());
        left -= front.size();
        take(front.size());
    }
    return true;
}

}  // namespace switchyard::serve
