// Flow control of one direction of one stream or of the connection (RFC 9113 §5.2, §6.9).
//
// SendWindow is what the peer allows us: it may become negative when the peer lowers its initial window.
// ReceiveWindow is what we allow the peer. Octets are credited when the exchange has *taken* them, never on arrival,
//   and in halves of the window, so that a body costs few WINDOW_UPDATE frames and a reader that stands still stops
//   the sender.
// Invariants: granted - received = what the peer may still send; taken <= received; nothing ever exceeds kMaxWindow.
// Pure. Units: octets.
#pragma once

#include <cstdint>

#include "proxy/http2/settings.h"

namespace switchyard::http2 {

class SendWindow {
  public:
    explicit SendWindow(std::uint32_t initial) : left_(initial), opened_(initial) {}

    std::int64_t left() const { return left_ > 0 ? left_ : 0; }
    // It is shut, and was opened by less than so many octets since it last was.
    bool opened_by_less_than(std::uint32_t octets) const { return left_ <= 0 && opened_ < octets; }
    void spend(std::uint32_t octets) { left_ -= octets; }
    // WINDOW_UPDATE. An increment of zero is a fault of the protocol, one beyond the greatest window of flow control.
    ErrorCode grow(std::uint32_t increment) {
        if (increment == 0) return ErrorCode::protocol_error;
        if (left_ + increment > kMaxWindow) return ErrorCode::flow_control_error;
        open(increment);
        return ErrorCode::no_error;
    }
    // The peer's SETTINGS_INITIAL_WINDOW_SIZE went from one value to another (RFC 9113 §6.9.2).
    ErrorCode shift(std::uint32_t before, std::uint32_t after) {
        const std::int64_t shifted = left_ + (std::int64_t{after} - std::int64_t{before});
        if (shifted > kMaxWindow) return ErrorCode::flow_control_error;
        if (after > before)
            open(after - before);
        else
            left_ = shifted;
        return ErrorCode::no_error;
    }

  private:
    void open(std::uint32_t octets) {
        opened_ = (left_ > 0 ? opened_ : 0) + octets;
        left_ += octets;
    }

    std::int64_t left_;
    std::int64_t opened_;
};

class ReceiveWindow {
  public:
    explicit ReceiveWindow(std::uint32_t size) : size_(size), left_(size) {}

    // The peer sent that many. False: more than it was allowed.
    bool receive(std::uint32_t octets) {
        if (octets > left_) return false;
        left_ -= octets;
        return true;
    }
    // So many were taken by the reader, or thrown away. What to put into a WINDOW_UPDATE now; 0: nothing yet.
    std::uint32_t take(std::uint32_t octets) {
        owed_ += octets;
        if (owed_ < size_ / 2) return 0;
        const std::uint32_t credit = owed_;
        left_ += credit;
        owed_ = 0;
        return credit;
    }
    std::uint32_t left() const { return left_; }
    // Received and not credited yet: at most what is kept of this stream.
    std::uint32_t outstanding() const { return size_ - left_; }

  private:
    std::uint32_t size_;
    std::uint32_t left_;
    std::uint32_t owed_ = 0;
};

}  // namespace switchyard::http2
