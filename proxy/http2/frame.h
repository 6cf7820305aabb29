// Frames of HTTP/2 (RFC 9113 §4, §6): their head of nine octets, what each type may look like, and padding.
//
// check_frame() judges what the head alone tells: a frame that passes has a payload of a size that its type allows and
//   stands on a stream where its type may stand. What a frame means in its place (open blocks, closed lanes) is the
//   connection's to judge.
// Strict: every fault is an error of the connection. RFC 9113 §5.4.1 lets a recipient treat any stream error so, and a
//   peer that writes frames of the wrong size is not worth an answer per stream that it can repeat.
// Pure. Units: octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace switchyard::http2 {

enum class FrameType : std::uint8_t {
    data = 0,
    headers = 1,
    priority = 2,
    rst_stream = 3,
    settings = 4,
    push_promise = 5,
    ping = 6,
    goaway = 7,
    window_update = 8,
    continuation = 9,  // the last that we know; others are passed over
};

// RFC 9113 §7.
enum class ErrorCode : std::uint32_t {
    no_error = 0,
    protocol_error = 1,
    internal_error = 2,
    flow_control_error = 3,
    settings_timeout = 4,
    stream_closed = 5,
    frame_size_error = 6,
    refused_stream = 7,
    cancel = 8,
    compression_error = 9,
    connect_error = 10,
    enhance_your_calm = 11,
    inadequate_security = 12,
    http_1_1_required = 13,
};

inline constexpr std::uint8_t kEndStream = 0x1;  // DATA, HEADERS
inline constexpr std::uint8_t kAck = 0x1;        // SETTINGS, PING
inline constexpr std::uint8_t kEndHeaders = 0x4;
inline constexpr std::uint8_t kPadded = 0x8;
inline constexpr std::uint8_t kPriority = 0x20;

inline constexpr std::size_t kFrameHeadSize = 9;
// The smallest SETTINGS_MAX_FRAME_SIZE that there is, and the one we keep to in both directions: a frame of 16 KiB
// holds a lane's turn short.
inline constexpr std::uint32_t kMaxPayload = 16'384;
inline constexpr std::uint32_t kMaxStreamId = 0x7fffffff;
// What a client sends first (RFC 9113 §3.4).
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct FrameHead {
    std::uint32_t length = 0;
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;  // without the reserved bit

    bool is(FrameType wanted) const { return type == static_cast<std::uint8_t>(wanted); }
    bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

// `octets` are kFrameHeadSize of them.
FrameHead read_frame_head(const char* octets);
void write_frame_head(char* octets, const FrameHead& head);

std::uint32_t read_u32(const char* octets);
void write_u32(char* octets, std::uint32_t value);

// no_error, or why the connection ends.
ErrorCode check_frame(const FrameHead& head);

// The payload of a DATA or HEADERS frame without its padding, and of HEADERS without its priority fields.
struct Content {
    ErrorCode error = ErrorCode::no_error;
    std::string_view octets;
    // Of padding with its length octet. The sender's windows have paid for it in DATA, so it counts as taken at once.
    std::uint32_t padding = 0;
};
Content content_of(const FrameHead& head, std::string_view payload);

}  // namespace switchyard::http2
