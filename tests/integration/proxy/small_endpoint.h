// An endpoint on a thread of its own that answers every request with a fixed response, and can close connections that
// have been idle for a random short time since their last answer.
//
// Threads: its own; the counters may be read by any. Owns: its sockets.
#pragma once

#include <poll.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/wire.h"

class SmallEndpoint {
  public:
    // `idle_microseconds` 0: connections are never closed; else each is closed after an idle time up to that.
    explicit SmallEndpoint(std::string response, unsigned idle_microseconds = 0)
        : response_(std::move(response)), idle_(idle_microseconds), thread_([this] { run(); }) {}
    ~SmallEndpoint() {
        stop_ = true;
        thread_.join();
    }
    std::uint16_t port() const { return listening_.port(); }
    // How often a request with this X-Id was read.
    std::map<std::string, int> seen_ids() const {
        const std::lock_guard lock(mutex_);
        return ids_;
    }
    std::uint64_t closed() const { return closed_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Peer {
        switchyard::test::Wire wire;
        Clock::time_point close_at;
        bool answered = false;
    };

    void run() {
        std::mt19937 random(7);
        std::vector<Peer> peers;
        while (!stop_) {
            std::vector<pollfd> polled{{listening_.descriptor(), POLLIN, 0}};
            for (const auto& peer : peers) polled.push_back({peer.wire.descriptor(), POLLIN, 0});
            ::poll(polled.data(), polled.size(), idle_ == 0 ? 20 : 0);
            for (auto wire = listening_.accept(); wire.is_open(); wire = listening_.accept())
                peers.push_back({std::move(wire), {}, false});
            for (auto& peer : peers) {
                // The idle time is up: closed without a look at what may have arrived a moment ago.
                if (idle_ != 0 && peer.answered && Clock::now() > peer.close_at && peer.wire.seen.empty()) {
                    peer.wire.close();
                    ++closed_;
                    continue;
                }
                peer.wire.read();
                if (answer_all(peer.wire)) peer.close_at = idle_end(random), peer.answered = true;
                if (peer.wire.ended || peer.wire.cut) peer.wire.close();
            }
            std::erase_if(peers, [](const Peer& peer) { return !peer.wire.is_open(); });
        }
    }
    Clock::time_point idle_end(std::mt19937& random) const {
        return Clock::now() + std::chrono::microseconds(idle_ == 0 ? 0 : random() % idle_);
    }
    bool answer_all(switchyard::test::Wire& wire) {
        bool answered = false;
        for (auto end = wire.seen.find("\r\n\r\n"); end != wire.seen.npos; end = wire.seen.find("\r\n\r\n")) {
            const std::string head = wire.seen.substr(0, end + 4);
            const auto length = head.find("Content-Length: ");
            const std::size_t body = length == head.npos ? 0 : std::stoul(head.substr(length + 16));
            if (wire.seen.size() < end + 4 + body) break;
            wire.seen.erase(0, end + 4 + body);
            if (const auto id = head.find("X-Id: "); id != head.npos) {
                const std::lock_guard lock(mutex_);
                ++ids_[head.substr(id + 6, head.find("\r\n", id) - id - 6)];
            }
            wire.write(response_);
            answered = true;
        }
        return answered;
    }

    const std::string response_;
    const unsigned idle_;
    switchyard::test::ListeningWire listening_;
    mutable std::mutex mutex_;
    std::map<std::string, int> ids_;
    std::atomic<std::uint64_t> closed_{0};
    std::atomic<bool> stop_{false};
    std::thread thread_;
};
