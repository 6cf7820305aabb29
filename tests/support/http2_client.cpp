#include "tests/support/http2_client.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "proxy/http2/header_encoder.h"

namespace switchyard::test {

using http2::FrameType;

std::string h2_frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    std::string out(http2::kFrameHeadSize, '\0');
    http2::write_frame_head(
        out.data(), {static_cast<std::uint32_t>(payload.size()), static_cast<std::uint8_t>(type), flags, stream});
    return out.append(payload);
}

std::string h2_number(std::uint32_t value) {
    std::string out(4, '\0');
    http2::write_u32(out.data(), value);
    return out;
}

std::string h2_block(const Pairs& fields) {
    std::array<char, 60'000> room{};
    http2::HeaderEncoder encoder(room, false);
    for (const auto& [name, value] : fields)
        if (!encoder.add(name, value)) throw std::runtime_error("a header block is too large for the test");
    return {room.data(), encoder.size()};
}

Pairs h2_request(std::string_view method, std::string_view path, Pairs more) {
    Pairs all{{":method", std::string(method)}, {":scheme", "http"}, {":authority", "a"}, {":path", std::string(path)}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

std::string Http2Client::Answer::get(std::string_view name, std::size_t head) const {
    if (head >= heads.size()) return "none";
    for (const auto& [known, value] : heads[head])
        if (known == name) return value;
    return "-";
}

Http2Client::Http2Client(Crank& crank, Wire from, std::string_view settings) : wire(std::move(from)), crank_(crank) {
    send(std::string(http2::kPreface) + h2_frame(FrameType::settings, 0, 0, settings));
}

Http2Client::Http2Client(Endpoint, Crank& crank, Wire from, std::string_view settings)
    : preface_came(false), wire(std::move(from)), crank_(crank) {
    send(h2_frame(FrameType::settings, 0, 0, settings));
}

void Http2Client::say_goaway(std::uint32_t last, http2::ErrorCode code) {
    send(h2_frame(FrameType::goaway, 0, 0, h2_number(last) + h2_number(static_cast<std::uint32_t>(code))));
}

void Http2Client::headers(std::uint32_t stream, const Pairs& fields, bool end) {
    send(h2_frame(FrameType::headers,
                  static_cast<std::uint8_t>(http2::kEndHeaders | (end ? http2::kEndStream : std::uint8_t{0})), stream,
                  h2_block(fields)));
}

void Http2Client::data(std::uint32_t stream, std::string_view octets, bool end) {
    send(h2_frame(FrameType::data, end ? http2::kEndStream : std::uint8_t{0}, stream, octets));
}

void Http2Client::reset(std::uint32_t stream, http2::ErrorCode code) {
    send(h2_frame(FrameType::rst_stream, 0, stream, h2_number(static_cast<std::uint32_t>(code))));
}

void Http2Client::credit(std::uint32_t stream, std::uint32_t octets) {
    send(h2_frame(FrameType::window_update, 0, stream, h2_number(octets)));
}

Http2Client::Answer& Http2Client::stream_(std::uint32_t id) {
    const auto found = std::ranges::find_if(answers_, [id](const auto& known) { return known.first == id; });
    if (found != answers_.end()) return *found->second;
    return *answers_.emplace_back(id, std::make_unique<Answer>()).second;
}

void Http2Client::turn() {
    std::size_t before;
    do {
        before = frames.size();
        crank_.turn();
        read();
    } while (frames.size() != before);
}

void Http2Client::until(const char* what, const std::function<bool()>& condition) {
    crank_.until(what, [&] {
        read();
        return condition();
    });
}

const Http2Client::Answer& Http2Client::answer(std::uint32_t id) {
    until("an answer", [&] {
        const Answer& known = stream_(id);
        return known.ended || known.reset >= 0 || wire.ended || wire.cut;
    });
    return stream_(id);
}

std::size_t Http2Client::count(FrameType type) const {
    return static_cast<std::size_t>(std::ranges::count_if(frames, [&](const auto& f) { return f.head.is(type); }));
}

void Http2Client::read() {
    wire.read();
    std::string_view unread = wire.seen;
    if (!preface_came) {
        if (unread.size() < http2::kPreface.size()) return;
        if (!unread.starts_with(http2::kPreface)) throw std::runtime_error("no preface came");
        unread.remove_prefix(http2::kPreface.size());
        preface_came = true;
    }
    while (unread.size() >= http2::kFrameHeadSize) {
        const http2::FrameHead head = http2::read_frame_head(unread.data());
        if (unread.size() < http2::kFrameHeadSize + head.length) break;
        frames.push_back({head, std::string(unread.substr(http2::kFrameHeadSize, head.length))});
        unread.remove_prefix(http2::kFrameHeadSize + head.length);
        take(Frame(frames.back()));
    }
    wire.seen.erase(0, wire.seen.size() - unread.size());
}

void Http2Client::take(const Frame& frame) {
    const http2::FrameHead& head = frame.head;
    switch (static_cast<FrameType>(head.type)) {
        case FrameType::settings:
            if (!head.has(http2::kAck) && acknowledges) send(h2_frame(FrameType::settings, http2::kAck, 0, ""));
            return;
        case FrameType::ping:
            if (!head.has(http2::kAck) && acknowledges) send(h2_frame(FrameType::ping, http2::kAck, 0, frame.payload));
            return;
        case FrameType::goaway:
            last_lane = http2::read_u32(frame.payload.data());
            goaway = http2::read_u32(frame.payload.data() + 4);
            return;
        case FrameType::rst_stream:
            stream_(head.stream).reset = http2::read_u32(frame.payload.data());
            return;
        case FrameType::headers:
            block_.clear();
            block_of_ = head.stream;
            block_ends_ = head.has(http2::kEndStream);
            [[fallthrough]];
        case FrameType::continuation: {
            block_ += frame.payload;
            if (!head.has(http2::kEndHeaders)) return;
            Answer& to = stream_(block_of_);
            Pairs fields;
            decoder_.feed(block_, true,
                          [&](std::string_view name, std::string_view value) { fields.emplace_back(name, value); });
            to.heads.push_back(std::move(fields));
            to.ended = to.ended || block_ends_;
            return;
        }
        case FrameType::data: {
            Answer& to = stream_(head.stream);
            if (to.ended || to.reset >= 0) throw std::runtime_error("DATA behind the end of a stream");
            to.body += frame.payload;
            to.ended = head.has(http2::kEndStream);
            if (!credits || head.length == 0) return;
            credit(0, head.length);
            if (!to.ended) credit(head.stream, head.length);
            return;
        }
        default:
            return;
    }
}

}  // namespace switchyard::test
