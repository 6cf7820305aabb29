// Is a client slower than the least rate its listener asks for? Counts only the time in which the client alone could
// move things, so that no client pays for a slow endpoint.
//
// The verdict falls whenever that time fills a window; then both start anew. A pause of less than a window is thus
//   forgiven, a drip of single octets is not.
// Pure. Units: milliseconds, bytes.
#pragma once

#include <cstdint>

namespace switchyard::serve {

class RateFloor {
  public:
    // Long enough for a lost packet and its retransmissions, short enough that a drip cannot hold much.
    static constexpr std::int64_t kWindowMs = 5000;

    // `moved`: where the count of bytes stands.
    void start(std::uint64_t bytes_per_second, std::uint64_t moved) {
        floor_ = bytes_per_second;
        waited_ms_ = 0;
        moved_ = moved;
    }
    // The client was waited for. True when a verdict is due.
    bool waited(std::int64_t milliseconds) {
        waited_ms_ += milliseconds;
        return waited_ms_ >= kWindowMs;
    }
    // How much longer until one is.
    std::int64_t patience_ms() const { return kWindowMs > waited_ms_ ? kWindowMs - waited_ms_ : 1; }
    bool too_slow(std::uint64_t moved) {
        const auto done = moved > moved_ ? moved - moved_ : 0;
        const bool slow = done * 1000 < floor_ * static_cast<std::uint64_t>(waited_ms_);
        start(floor_, moved);
        return slow;
    }

  private:
    std::uint64_t floor_ = 0, moved_ = 0;
    std::int64_t waited_ms_ = 0;
};

}  // namespace switchyard::serve
