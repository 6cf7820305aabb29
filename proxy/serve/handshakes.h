// How many TLS handshakes one worker has under way, and whose step is next.
//
// A step costs up to a quarter of a millisecond (a signature and the key exchange): thousands of hellos at once would
// hold up every request of the worker. So a turn takes two, however long it is: the more requests wait, the less
// handshakes get. The others stand in a line, the first first, and hold no more than their hello.
// Where all places are taken, the client that has been waited for longest leaves: else a thousand connections that
// send a hello octet by octet would keep all others out.
// Threads: one worker.
#pragma once

#include <cstdint>
#include <utility>

#include "proxy/net/poller.h"

namespace switchyard::serve {

class HandshakePlace;

class Handshakes {
  public:
    static constexpr std::uint32_t kMostUnderWay = 1024;  // 20 MiB of OpenSSL's memory; more is a flood
    static constexpr std::int64_t kQuietMs = 1000;        // between two lines about failed ones
    static constexpr std::uint32_t kStepsPerTurn = 2;     // some half a millisecond that others wait

    // Before each turn: calls those whose step it is.
    void begin_turn();
    // Connections stand in line, and will be called.
    bool line_waits() const { return first_ != nullptr; }
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
    HandshakePlace* oldest_ = nullptr;
    HandshakePlace* newest_ = nullptr;
    std::uint32_t under_way_ = 0;
    HandshakePlace* first_ = nullptr;  // in line
    HandshakePlace* last_ = nullptr;
    std::uint32_t left_ = kStepsPerTurn;  // that this turn may take beside those that were called
    bool told_ = false;
    std::int64_t told_ms_ = 0;
    std::uint64_t untold_ = 0;
};

// One of the places of a worker, for as long as this lives or until another connection needs it.
class HandshakePlace {
  public:
    // `whose`: is woken when it has to leave.
    HandshakePlace(Handshakes& all, net::Waiter& whose) : all_(all), whose_(whose) {
        if (all_.under_way_ >= Handshakes::kMostUnderWay && !oldest_leaves()) return;
        ++all_.under_way_;
        held_ = true;
        before_ = std::exchange(all_.newest_, this);
        (before_ == nullptr ? all_.oldest_ : before_->behind_) = this;
    }
    HandshakePlace(const HandshakePlace&) = delete;
    HandshakePlace& operator=(const HandshakePlace&) = delete;
    ~HandshakePlace() { leave(); }

    // False: there was none, or there is none any more.
    bool held() const { return held_; }
    // Whether it is the client who is waited for.
    void waits(bool for_client) { waits_ = for_client; }
    // False: not now; it stands in line, and is woken when it is called.
    bool may_step() {
        if (called_ || (all_.first_ == nullptr && all_.left_ > 0)) {
            if (!std::exchange(called_, false)) --all_.left_;
            return true;
        }
        if (!in_line_) stand_in_line();
        return false;
    }
    // The handshake is over, whatever is still said on the connection.
    void leave() {
        if (!std::exchange(held_, false)) return;
        --all_.under_way_;
        (before_ == nullptr ? all_.oldest_ : before_->behind_) = behind_;
        (behind_ == nullptr ? all_.newest_ : behind_->before_) = before_;
        leave_line();
    }

  private:
    friend class Handshakes;
    void stand_in_line() {
        in_line_ = true;
        ahead_ = std::exchange(all_.last_, this);
        (ahead_ == nullptr ? all_.first_ : ahead_->next_) = this;
    }
    void leave_line() {
        if (!std::exchange(in_line_, false)) return;
        (ahead_ == nullptr ? all_.first_ : ahead_->next_) = next_;
        (next_ == nullptr ? all_.last_ : next_->ahead_) = ahead_;
        ahead_ = next_ = nullptr;
    }
    bool oldest_leaves() {
        for (HandshakePlace* one = all_.oldest_; one != nullptr; one = one->behind_) {
            if (!one->waits_) continue;
            one->leave();
            one->whose_.wake();
            return true;
        }
        return false;
    }

    Handshakes& all_;
    net::Waiter& whose_;
    HandshakePlace* before_ = nullptr;
    HandshakePlace* behind_ = nullptr;
    HandshakePlace* ahead_ = nullptr;  // in line
    HandshakePlace* next_ = nullptr;
    bool held_ = false;
    bool waits_ = false;
    bool in_line_ = false;
    bool called_ = false;
};

inline void Handshakes::begin_turn() {
    left_ = kStepsPerTurn;
    for (; left_ > 0 && first_ != nullptr; --left_) {
        HandshakePlace& next = *first_;
        next.leave_line();
        next.called_ = true;
        next.whose_.wake();
    }
}

}  // namespace switchyard::serve
