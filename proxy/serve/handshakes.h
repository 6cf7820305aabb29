// How many TLS handshakes one worker has under way, and how many steps of them one turn may take.
//
// A step costs up to a quarter of a millisecond (a signature and the key exchange): thousands of hellos at once would
// hold up every request of the worker. Who has no step in this turn comes again in the next, behind all who wait.
// Threads: one worker.
#pragma once

#include <cstdint>

namespace switchyard::serve {

class Handshakes {
  public:
    static constexpr std::uint32_t kMostUnderWay = 1024;  // 20 MiB of OpenSSL's memory; more is a flood
    static constexpr std::int64_t kQuietMs = 1000;        // between two lines about failed ones
    static constexpr std::uint32_t kStepsPerTurn = 8;     // some 2 ms that others wait

    // `turn`: of the poller.
    bool may_step(std::uint64_t turn) {
        if (turn != turn_) {
            turn_ = turn;
            steps_ = 0;
        }
        return steps_++ < kStepsPerTurn;
    }
    std::uint32_t under_way() const { return under_way_; }
    // One has failed. True: it may be told in the log, with how many have failed untold since the last one that was;
    // a flood of them is a line a second.
    bool may_tell(std::int64_t now_ms, std::uint64_t& untold) {
        if (told_ && now_ms - told_ms_ < kQuietMs) return ++untold_, false;
        told_ = true;
        told_ms_ = now_ms;
        untold = untold_;
        untold_ = 0;
        return true;
    }

  private:
    friend class HandshakePlace;
    std::uint32_t under_way_ = 0;
    std::uint32_t steps_ = 0;
    std::uint64_t turn_ = 0;
    bool told_ = false;
    std::int64_t told_ms_ = 0;
    std::uint64_t untold_ = 0;
};

// One of the places of a worker, for as long as this lives.
class HandshakePlace {
  public:
    explicit HandshakePlace(Handshakes& all) : all_(all), granted_(all.under_way_ < Handshakes::kMostUnderWay) {
        if (granted_) ++all_.under_way_;
    }
    HandshakePlace(const HandshakePlace&) = delete;
    HandshakePlace& operator=(const HandshakePlace&) = delete;
    ~HandshakePlace() {
        if (granted_) --all_.under_way_;
    }
    bool granted() const { return granted_; }

  private:
    Handshakes& all_;
    const bool granted_;
};

}  // namespace switchyard::serve
