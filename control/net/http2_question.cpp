#include "control/net/http2_question.h"

#include <algorithm>
#include <array>
#include <utility>

#include "control/net/answer_reader.h"
#include "proxy/http2/request_block.h"

namespace switchyard::control::net {
namespace {

using http2::FrameType;

// A check's head is small; 16 KiB is the most that a frame may have.
constexpr std::size_t kMostBlock = http2::kMaxPayload;

void put_frame(std::string& out, FrameType type, std::uint8_t flags, std::uint32_t lane, std::string_view payload) {
    std::array<char, http2::kFrameHeadSize> head;
    http2::write_frame_head(head.data(),
                            {static_cast<std::uint32_t>(payload.size()), static_cast<std::uint8_t>(type), flags, lane});
    out.append(head.data(), head.size()).append(payload);
}

}  // namespace

struct Http2Question::Room {
    std::array<char, http::kMaxHead> text;
    http::Head head;
};

Http2Question::Http2Question(std::string_view request, std::string_view scheme, std::size_t most_body)
    : room_(std::make_unique<Room>()), out_(http2::kPreface), most_body_(most_body) {
    out_ += connection_.control_waits();
    connection_.control().sent(connection_.control_waits().size());
    const auto head_end = request.find("\r\n\r\n") + 4;
    left_ = request.substr(head_end);
    const auto lane = connection_.next_lane();
    std::array<char, kMostBlock> octets;
    http2::HeaderEncoder block(octets, true);
    if (!http2::encode_request(request.substr(0, head_end), scheme, block)) {
        fail("the request is too large");
        return;
    }
    put_frame(out_, FrameType::headers, http2::kEndHeaders | (left_.empty() ? http2::kEndStream : std::uint8_t{0}),
              lane, {octets.data(), block.size()});
    connection_.open(left_.empty(), request.starts_with("HEAD "));
    go_on();
}

Http2Question::~Http2Question() = default;

void Http2Question::fail(std::string why) {
    if (over_) return;
    over_ = true;
    error_ = std::move(why);
}

void Http2Question::go_on() {
    constexpr std::uint32_t kLane = 1;
    while (!left_.empty()) {
        const std::size_t n = std::min<std::size_t>(connection_.may_send(kLane), left_.size());
        if (n == 0) return;
        const bool end = n == left_.size();
        put_frame(out_, FrameType::data, end ? http2::kEndStream : std::uint8_t{0}, kLane,
                  std::string_view(left_).substr(0, n));
        connection_.sent_data(kLane, static_cast<std::uint32_t>(n), end);
        left_.erase(0, n);
    }
}

std::string Http2Question::take_output() {
    out_ += connection_.control_waits();
    connection_.control().sent(connection_.control_waits().size());
    return std::exchange(out_, {});
}

std::size_t Http2Question::feed(std::string_view octets, std::int64_t now_ms) {
    const std::size_t taken = connection_.feed(octets, now_ms, *this);
    if (connection_.ended())
        fail(connection_.settings_came() ? "the answer is refused: its frames are malformed"
                                         : "it does not speak HTTP/2");
    return taken;
}

http2::OutwardConnection::HeadRoom Http2Question::room_for_head() {
    return {room_->text, &room_->head};
}

void Http2Question::head(std::uint32_t lane, std::string_view text, const http::Head& head, bool end) {
    if (head.status < 200) return;  // the one that counts is still to come
    status_ = head.status;
    headers_ = headers_of(text.data(), head);
    over_ = end || most_body_ == 0;
    // What would stand behind a body stands here where there is none (gRPC).
    for (std::uint16_t i = 0; end && i < head.field_count; ++i)
        trailer(lane, head.fields[i].name.of(text.data()), head.fields[i].value.of(text.data()));
}

void Http2Question::data(std::uint32_t lane, std::string_view octets, bool end) {
    if (over_) return;
    connection_.taken(lane, static_cast<std::uint32_t>(octets.size()));
    body_ += octets;
    if (body_.size() > most_body_)
        return fail("the answer is larger than " + std::to_string(most_body_ / 1024) + " KiB");
    over_ = end;
}

void Http2Question::trailer(std::uint32_t, std::string_view name, std::string_view value) {
    trailers_.append(name).append(": ").append(value).append("\r\n");
}

void Http2Question::reset(std::uint32_t, http2::ErrorCode code, bool unserved, const char* why) {
    if (why != nullptr)
        fail(std::string("the answer is refused: ") + why);
    else
        fail(unserved ? "it takes no more requests"
                      : "it has reset the request (" + std::to_string(static_cast<unsigned>(code)) + ")");
}

void Http2Question::writable(std::uint32_t) {
    go_on();
}

}  // namespace switchyard::control::net
