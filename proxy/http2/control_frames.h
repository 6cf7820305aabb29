// The frames that a connection sends by itself: SETTINGS and its acknowledgement, PING, RST_STREAM, WINDOW_UPDATE,
// GOAWAY. They are gathered, and go out with what the lanes write in the same turn.
//
// Invariant: whole frames only. Pure. Owns the octets that wait. Units: octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http2/frame.h"
#include "proxy/http2/settings.h"

namespace switchyard::http2 {

class ControlFrames {
  public:
    // Beyond this a peer makes us answer faster than it reads; nothing more is read from it until it has.
    static constexpr std::size_t kMost = 8 * 1024;

    void settings(const Settings& ours, Role us) { put(FrameType::settings, 0, 0, settings_payload(ours, us)); }
    void settings_ack() { put(FrameType::settings, kAck, 0, {}); }
    void ping(std::string_view eight, bool ack) { put(FrameType::ping, ack ? kAck : 0, 0, eight); }
    void reset(std::uint32_t lane, ErrorCode code) {
        put(FrameType::rst_stream, 0, lane, number(static_cast<std::uint32_t>(code)));
    }
    // Stream 0 for the connection's.
    void window_update(std::uint32_t stream, std::uint32_t increment) {
        put(FrameType::window_update, 0, stream, number(increment));
    }
    void goaway(std::uint32_t last, ErrorCode code) {
        put(FrameType::goaway, 0, 0, number(last) + number(static_cast<std::uint32_t>(code)));
    }

    std::string_view waiting() const { return octets_; }
    void sent(std::size_t octets) {
        octets_.erase(0, octets);
        if (octets_.empty() && octets_.capacity() > kKept) octets_ = {};
    }
    bool too_many() const { return octets_.size() > kMost; }

  private:
    // What a string holds in itself: a connection that rests keeps no memory for these.
    static constexpr std::size_t kKept = 15;

    static std::string number(std::uint32_t value) {
        std::string out(4, '\0');
        write_u32(out.data(), value);
        return out;
    }
    void put(FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
        char head[kFrameHeadSize];
        write_frame_head(head,
                         {static_cast<std::uint32_t>(payload.size()), static_cast<std::uint8_t>(type), flags, stream});
        octets_.append(head, sizeof head);
        octets_.append(payload);
    }

    std::string octets_;
};

}  // namespace switchyard::http2
