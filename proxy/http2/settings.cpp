#include "proxy/http2/settings.h"

namespace switchyard::http2 {
namespace {

enum Identifier : std::uint16_t {
    kHeaderTableSize = 1,
    kEnablePush = 2,
    kMaxConcurrentStreams = 3,
    kInitialWindowSize = 4,
    kMaxFrameSize = 5,
    kMaxHeaderListSize = 6,
    kEnableConnectProtocol = 8,
    kNoRfc7540Priorities = 9,
};
constexpr std::size_t kEntry = 6;
constexpr std::uint32_t kMostFrameSize = 0xffffff;

void put(std::string& out, Identifier identifier, std::uint32_t value) {
    char entry[kEntry];
    entry[0] = 0;
    entry[1] = static_cast<char>(identifier);
    write_u32(entry + 2, value);
    out.append(entry, kEntry);
}

ErrorCode apply(std::uint32_t identifier, std::uint32_t value, Role us, Settings& settings) {
    switch (identifier) {
        case kHeaderTableSize:
            settings.header_table_size = value;
            break;
        case kEnablePush:
            // A server never sends 1 (RFC 9113 §6.5.2).
            if (value > 1 || (us == Role::client && value != 0)) return ErrorCode::protocol_error;
            settings.enable_push = value == 1;
            break;
        case kMaxConcurrentStreams:
            settings.max_concurrent_streams = value;
            break;
        case kInitialWindowSize:
            if (value > kMaxWindow) return ErrorCode::flow_control_error;
            settings.initial_window = value;
            break;
        case kMaxFrameSize:
            if (value < kMaxPayload || value > kMostFrameSize) return ErrorCode::protocol_error;
            settings.max_frame = value;
            break;
        case kMaxHeaderListSize:
            settings.max_header_list = value;
            break;
        case kEnableConnectProtocol:
            // Once announced it stays (RFC 8441 §3).
            if (value > 1 || (settings.connect_protocol && value == 0)) return ErrorCode::protocol_error;
            settings.connect_protocol = value == 1;
            break;
        default:
            break;
    }
    return ErrorCode::no_error;
}

}  // namespace

ErrorCode apply_settings(std::string_view payload, Role us, Settings& settings) {
    if (payload.size() % kEntry != 0) return ErrorCode::frame_size_error;
    if (payload.size() > kMaxSettings * kEntry) return ErrorCode::enhance_your_calm;
    for (; !payload.empty(); payload.remove_prefix(kEntry)) {
        const std::uint32_t identifier = read_u32(payload.data()) >> 16;
        const ErrorCode error = apply(identifier, read_u32(payload.data() + 2), us, settings);
        if (error != ErrorCode::no_error) return error;
    }
    return ErrorCode::no_error;
}

std::string settings_payload(const Settings& ours, Role us) {
    const Settings defaults;
    std::string out;
    if (ours.header_table_size != defaults.header_table_size) put(out, kHeaderTableSize, ours.header_table_size);
    if (us == Role::client) put(out, kEnablePush, 0);  // a client takes no pushes
    if (ours.max_concurrent_streams != defaults.max_concurrent_streams)
        put(out, kMaxConcurrentStreams, ours.max_concurrent_streams);
    if (ours.initial_window != defaults.initial_window) put(out, kInitialWindowSize, ours.initial_window);
    if (ours.max_header_list != defaults.max_header_list) put(out, kMaxHeaderListSize, ours.max_header_list);
    if (ours.connect_protocol) put(out, kEnableConnectProtocol, 1);
    put(out, kNoRfc7540Priorities, 1);  // RFC 9218 §2.1: the old tree is not looked at
    return out;
}

}  // namespace switchyard::http2
