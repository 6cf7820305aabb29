// What both ends of an HTTP/2 connection do alike, whichever of them opens the lanes: frames are cut out and told
// apart, header blocks put together, settings kept, windows credited, what a peer has no use for counted.
//
// `Self` is an end (connection.h, outward_connection.h): it holds the lanes, and says what is its own – how a header
//   block begins and ends, what DATA, RST_STREAM, WINDOW_UPDATE, PRIORITY, GOAWAY and an acknowledged PING mean to it,
//   which trailers it merges, and which lane it has served last. `Block` holds what the end decodes its heads with.
// Threads: plain object. Source: RFC 9113.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/http/field_name.h"
#include "proxy/http2/control_frames.h"
#include "proxy/http2/frame.h"
#include "proxy/http2/header_decoder.h"
#include "proxy/http2/lane.h"
#include "proxy/http2/misdeeds.h"
#include "proxy/http2/request_head.h"
#include "proxy/http2/settings.h"

namespace switchyard::http2 {

// Of one header block as it came.
inline constexpr std::size_t kMaxEncoded = 64 * 1024;
inline constexpr unsigned kMaxContinuations = 16;
// An honest peer says once what it wants, some a second time; each one costs us an answer.
inline constexpr unsigned kFreeSettings = 4;

// A header block that is not whole yet.
struct OpenBlock {
    std::uint32_t lane = 0;
    bool end = false;       // END_STREAM stood on its HEADERS
    bool trailers = false;  // of a lane that is there
    bool dropped = false;   // decoded for the table alone
    bool faulty = false;    // trailers that are none
    std::size_t encoded = 0;
    unsigned continuations = 0;
};

template <class Self, class Block>
class FrameConnection {
  public:
    // What waits to be sent before anything else is.
    ControlFrames& control() { return control_; }
    std::string_view control_waits() const { return control_.waiting(); }
    // Set: nothing goes on; what waits is sent and the connection closed.
    std::optional<ErrorCode> ended() const { return ended_; }
    bool settings_came() const { return settings_came_; }
    // A header block has begun and is not whole: the time limit of a head runs.
    bool in_block() const { return block_.has_value(); }

    // So many octets of DATA may a lane send in one frame now.
    std::uint32_t may_send(std::uint32_t id) const {
        const auto* const lane = self().find(id);
        if (ended_ || lane == nullptr || !lane->may_send()) return 0;
        const std::int64_t left = std::min({send_.left(), lane->send.left(), std::int64_t{kMaxPayload}});
        return static_cast<std::uint32_t>(left);
    }
    // Of all lanes together.
    std::int64_t may_send() const { return ended_ ? 0 : send_.left(); }
    // The peer has ended the lane, or the lane is gone: what is left of it to be said reaches no one.
    bool is_reset(std::uint32_t id) const {
        const auto* const lane = self().find(id);
        return lane == nullptr || lane->reset;
    }
    // We give the lane up; it is there until done().
    void reset(std::uint32_t id, ErrorCode code) {
        auto* const lane = self().find(id);
        if (lane == nullptr || lane->reset) return;
        lane->reset = true;
        if (!ended_) control_.reset(id, code);
    }
    // The peer has used its time up, or nothing more is to be had from it.
    void give_up(ErrorCode code) { fail(code); }

  protected:
    explicit FrameConnection(std::uint32_t window) : receive_(window) {}
    ~FrameConnection() = default;

    // Returns how many octets were taken: whole frames.
    template <class Events>
    std::size_t feed_frames(std::string_view octets, Events& events) {
        std::size_t taken = 0;
        while (!ended_ && octets.size() - taken >= kFrameHeadSize) {
            const FrameHead head = read_frame_head(octets.data() + taken);
            // Judged before its payload is waited for: a frame of 16 MiB is not.
            if (const ErrorCode error = check_frame(head); error != ErrorCode::no_error) {
                fail(error);
                break;
            }
            if (octets.size() - taken - kFrameHeadSize < head.length) break;
            const std::string_view payload = octets.substr(taken + kFrameHeadSize, head.length);
            taken += kFrameHeadSize + head.length;
            frame(head, payload, events);
        }
        return taken;
    }
    void misdeed() {
        if (!nonsense_.note(now_)) fail(ErrorCode::enhance_your_calm);
    }
    void fail(ErrorCode code) {
        if (ended_) return;
        ended_ = code;
        control_.goaway(self().last_of_peer(), code);
    }
    void credit_connection(std::uint32_t octets) {
        if (const std::uint32_t credit = receive_.take(octets); credit > 0) control_.window_update(0, credit);
    }

    bool settings_came_ = false;
    bool traffic_ = true;        // HEADERS or DATA went either way since the last PING
    unsigned own_settings_ = 1;  // that the peer has not acknowledged
    unsigned settings_frames_ = 0;
    std::int64_t now_ = 0;
    Settings peer_;
    SendWindow send_{kDefaultWindow};
    ReceiveWindow receive_;
    HeaderDecoder decoder_;
    ControlFrames control_;
    Misdeeds nonsense_ = kNonsense;
    std::optional<Block> block_;
    std::optional<ErrorCode> ended_;

  private:
    Self& self() { return static_cast<Self&>(*this); }
    const Self& self() const { return static_cast<const Self&>(*this); }

    template <class Events>
    void frame(const FrameHead& head, std::string_view payload, Events& events) {
        // RFC 9113 §3.4, §4.3: SETTINGS first, and nothing in the middle of a header block.
        if (!settings_came_ && (!head.is(FrameType::settings) || head.has(kAck)))
            return fail(ErrorCode::protocol_error);
        if (block_ && !(head.is(FrameType::continuation) && head.stream == block_->lane))
            return fail(ErrorCode::protocol_error);
        switch (static_cast<FrameType>(head.type)) {
            case FrameType::data:
                traffic_ = true;
                return self().data(head, payload, events);
            case FrameType::headers:
                traffic_ = true;
                return headers(head, payload, events);
            case FrameType::priority:
                return self().priority(head, payload);
            case FrameType::rst_stream:
                return self().rst_stream(head, payload, events);
            case FrameType::settings:
                return settings(head, payload, events);
            case FrameType::push_promise:
                return fail(ErrorCode::protocol_error);
            case FrameType::ping:
                return ping(head, payload);
            case FrameType::goaway:
                return self().goaway(payload, events);
            case FrameType::window_update:
                return self().window_update(head, payload, events);
            case FrameType::continuation:
                if (!block_ || ++block_->continuations > kMaxContinuations)
                    return fail(block_ ? ErrorCode::enhance_your_calm : ErrorCode::protocol_error);
                return block_part(payload, head.has(kEndHeaders), events);
        }
        misdeed();  // a type that we do not know
    }
    template <class Events>
    void headers(const FrameHead& head, std::string_view payload, Events& events) {
        const Content content = content_of(head, payload);
        if (content.error != ErrorCode::no_error) return fail(content.error);
        self().begin_block(head, events);
        if (!ended_) block_part(content.octets, head.has(kEndHeaders), events);
    }
    template <class Events>
    void block_part(std::string_view part, bool last, Events& events) {
        Block& block = *block_;
        block.encoded += part.size();
        if (block.encoded > kMaxEncoded) return fail(ErrorCode::enhance_your_calm);
        const auto outcome = decoder_.feed(part, last, [&](std::string_view name, std::string_view value) {
            if (block.dropped) return;
            if (!block.trailers) return block.wall->field(name, value);
            const http::FieldName id = http::field_name(name);
            block.faulty = block.faulty || !is_field_name(name) || !is_field_value(value) || is_of_connection(id);
            if (!block.faulty && !Self::merges(id) && block.end) events.trailer(block.lane, name, value);
        });
        switch (outcome) {
            case HeaderDecoder::Outcome::more:
                return;
            case HeaderDecoder::Outcome::bad:
                return fail(ErrorCode::compression_error);
            case HeaderDecoder::Outcome::too_much:
                return fail(ErrorCode::enhance_your_calm);
            case HeaderDecoder::Outcome::done:
                self().block_ends(events);
                block_.reset();
        }
    }
    template <class Events>
    void settings(const FrameHead& head, std::string_view payload, Events& events) {
        if (head.has(kAck)) {
            if (own_settings_ == 0) return misdeed();
            --own_settings_;
            return;
        }
        settings_came_ = true;
        if (++settings_frames_ > kFreeSettings) misdeed();
        if (ended_) return;
        const std::uint32_t before = peer_.initial_window;
        if (const ErrorCode error = apply_settings(payload, Self::kRole, peer_); error != ErrorCode::no_error)
            return fail(error);
        for (auto& [id, lane] : self().lanes_) {
            if (const ErrorCode error = lane.send.shift(before, peer_.initial_window); error != ErrorCode::no_error)
                return fail(error);
        }
        control_.settings_ack();
        if (peer_.initial_window > before) events.writable(0);
    }
    // A peer that measures its bandwidth sends one for each round trip of data; between two without any lies nothing to
    // measure.
    void ping(const FrameHead& head, std::string_view payload) {
        if (head.has(kAck)) return self().ping_acknowledged();
        if (!traffic_) misdeed();
        traffic_ = false;
        if (!ended_) control_.ping(payload, true);
    }
};

}  // namespace switchyard::http2
