#include "proxy/http2/frame.h"

namespace switchyard::http2 {
namespace {

constexpr std::uint32_t kReservedBit = 0x80000000;
constexpr std::size_t kPriorityFields = 5;

std::uint8_t octet(char c) {
    return static_cast<std::uint8_t>(c);
}

// DATA, HEADERS and the like belong to a stream; SETTINGS and the like to the connection; WINDOW_UPDATE to either.
enum class Place : std::uint8_t { stream, connection, either };

struct Shape {
    Place place;
    std::uint32_t least, most;
};

Shape shape_of(FrameType type) {
    switch (type) {
        case FrameType::data:
        case FrameType::headers:
        case FrameType::continuation:
        case FrameType::push_promise:
            return {Place::stream, 0, kMaxPayload};
        case FrameType::priority:
            return {Place::stream, 5, 5};
        case FrameType::rst_stream:
            return {Place::stream, 4, 4};
        case FrameType::settings:
            return {Place::connection, 0, kMaxPayload};
        case FrameType::ping:
            return {Place::connection, 8, 8};
        case FrameType::goaway:
            return {Place::connection, 8, kMaxPayload};
        case FrameType::window_update:
            return {Place::either, 4, 4};
    }
    return {Place::either, 0, kMaxPayload};
}

}  // namespace

std::uint32_t read_u32(const char* octets) {
    return std::uint32_t{octet(octets[0])} << 24 | std::uint32_t{octet(octets[1])} << 16 |
           std::uint32_t{octet(octets[2])} << 8 | std::uint32_t{octet(octets[3])};
}

void write_u32(char* octets, std::uint32_t value) {
    for (int i = 3; i >= 0; --i, value >>= 8) octets[i] = static_cast<char>(value & 0xff);
}

FrameHead read_frame_head(const char* octets) {
    FrameHead head;
    head.length = read_u32(octets) >> 8;
    head.type = octet(octets[3]);
    head.flags = octet(octets[4]);
    head.stream = read_u32(octets + 5) & ~kReservedBit;
    return head;
}

void write_frame_head(char* octets, const FrameHead& head) {
    write_u32(octets, head.length << 8 | head.type);
    octets[4] = static_cast<char>(head.flags);
    write_u32(octets + 5, head.stream);
}

ErrorCode check_frame(const FrameHead& head) {
    if (head.length > kMaxPayload) return ErrorCode::frame_size_error;
    if (head.type > static_cast<std::uint8_t>(FrameType::continuation)) return ErrorCode::no_error;
    const auto type = static_cast<FrameType>(head.type);
    const Shape shape = shape_of(type);
    if (shape.place == Place::stream && head.stream == 0) return ErrorCode::protocol_error;
    if (shape.place == Place::connection && head.stream != 0) return ErrorCode::protocol_error;
    if (head.length < shape.least || head.length > shape.most) return ErrorCode::frame_size_error;
    if (type == FrameType::settings) {
        if (head.has(kAck) && head.length != 0) return ErrorCode::frame_size_error;
        if (head.length % 6 != 0) return ErrorCode::frame_size_error;
    }
    return ErrorCode::no_error;
}

Content content_of(const FrameHead& head, std::string_view payload) {
    Content out;
    std::size_t pad = 0;
    if (head.has(kPadded)) {
        if (payload.empty()) return {ErrorCode::frame_size_error, {}, 0};
        pad = octet(payload.front());
        payload.remove_prefix(1);
        out.padding = static_cast<std::uint32_t>(pad + 1);
    }
    if (head.is(FrameType::headers) && head.has(kPriority)) {
        if (payload.size() < kPriorityFields) return {ErrorCode::frame_size_error, {}, 0};
        // A stream that depends on itself (RFC 7540 §5.3.1); no honest peer sends one.
        if ((read_u32(payload.data()) & ~kReservedBit) == head.stream) return {ErrorCode::protocol_error, {}, 0};
        payload.remove_prefix(kPriorityFields);
    }
    if (pad > payload.size()) return {ErrorCode::protocol_error, {}, 0};
    out.octets = payload.substr(0, payload.size() - pad);
    return out;
}

}  // namespace switchyard::http2
