// One thread of the load: one io_context, its connections, its timetable, its workload, its tally.
//
// A slot is a connection with its user; over HTTP/2 a user, several of whom share a line (load_thread_streams.cpp).
// Invariants: a slot has at most one request on the wire; every attempt ends in exactly one answer or failure; what is
//   recorded as `sent` was read from the clock right before send() was called. No allocation per request.
// Threads: everything runs on the thread that calls run(); stop() and progress() may be called from any thread.
// Owns: its sockets. Errors: only set-up throws; what happens on the wire is counted by kind.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <queue>
#include <vector>

#include "bench/yardbench/engine/http2_link.h"
#include "bench/yardbench/engine/plan.h"
#include "bench/yardbench/engine/ready_set.h"
#include "bench/yardbench/engine/tally.h"
#include "bench/yardbench/engine/workload.h"

namespace yardbench {

class LoadThread : private Http2Link::Events {
  public:
    struct Progress {
        std::atomic<std::uint64_t> finished{0};
        std::atomic<std::uint64_t> failed{0};
    };

    LoadThread(const Plan& plan, unsigned index, Nanos start, std::unique_ptr<Workload> workload);
    virtual ~LoadThread();

    void run();
    void stop();
    const Progress& progress() const { return progress_; }
    // After run() has returned.
    const Tally& tally() const { return tally_; }
    Workload& workload() { return *workload_; }

  private:
    enum class State : std::uint8_t { parked, idle, thinking, connecting, shaking, sending, receiving };
    struct Slot {
        int fd = -1;
        SSL* ssl = nullptr;
        std::uint32_t epoch = 0;
        State state = State::idle;
        std::uint8_t attempts = 0;
        bool opened_before = false;
        bool unreachable = false;  // the last attempt did not get a connection
        Call call;
        Nanos intended = 0;
        Nanos free_since = 0;
        Nanos launched = 0;
        Nanos sent = 0;
        Nanos deadline = 0;
        std::size_t written = 0;
        ResponseReader reader;
        std::uint32_t line = 0;  // HTTP/2: which one, and which stream of it; 0: none
        std::int32_t stream = 0;
        std::string_view body;  // what of it has not gone
    };
    // A connection of HTTP/2.
    struct Line {
        int fd = -1;
        SSL* ssl = nullptr;
        std::uint32_t epoch = 0;
        State state = State::idle;  // idle, connecting, shaking, receiving
        std::unique_ptr<Http2Link> link;
        std::string out;
        std::size_t written = 0;
        bool wants_room = false;  // of the socket
        bool dirty = false;       // has something to send
        bool opened_before = false;
        Failure ended = Failure::none;       // what became of it, until its streams are told
        std::vector<std::uint32_t> streams;  // slots that are on it, or wait for it to open
    };

    bool open_loop() const { return plan_.timetable.open(); }
    void begin(std::uint32_t id, Nanos intended);
    void launch(Slot& slot, std::uint32_t id);
    void connect(Slot& slot, std::uint32_t id);
    void write(Slot& slot, std::uint32_t id);
    void write_connected();
    void shake(Slot& slot, std::uint32_t id);
    ssize_t send_some(int fd, SSL* ssl, std::string_view bytes);
    ssize_t receive_some(int fd, SSL* ssl);
    void on_event(std::uint32_t id, std::uint32_t epoch, std::uint32_t events);
    void read(Slot& slot, std::uint32_t id);
    bool read_some(Slot& slot, std::uint32_t id);
    void finish(Slot& slot, std::uint32_t id, Failure failure);
    void release(Slot& slot, std::uint32_t id);
    void close(Slot& slot);
    // load_thread_streams.cpp
    void launch_stream(Slot& slot, std::uint32_t id);
    void open(Line& line, std::uint32_t index);
    void opened(Line& line, std::uint32_t index);
    void shake(Line& line, std::uint32_t index);
    void submit(Slot& slot, std::uint32_t id);
    void on_line_event(std::uint32_t index, std::uint32_t epoch, std::uint32_t events);
    void read(Line& line, std::uint32_t index);
    void flush(Line& line, std::uint32_t index);
    void flush_lines();
    void leave_line(Slot& slot, std::uint32_t id);
    void end_line(Line& line, Failure failure);
    void field(std::uint32_t slot, std::string_view name, std::string_view value) override;
    void body(std::uint32_t slot, std::string_view octets) override;
    void ended(std::uint32_t slot) override { slots_[slot].reader.take_end(); }
    void over(std::uint32_t slot, bool refused) override;
    std::string_view* body_of(std::uint32_t slot, std::int32_t stream) override;
    void mark_dirty(std::uint32_t index);
    void send_due();
    void sweep();
    void arm();
    void end_sending();
    void settle();
    bool in_flight(const Slot& slot) const {
        return slot.state == State::connecting || slot.state == State::shaking || slot.state == State::sending ||
               slot.state == State::receiving;
    }

    const Plan& plan_;
    const unsigned index_;
    const Nanos start_;
    Nanos end_;
    std::uint64_t request_limit_;
    std::uint64_t begun_ = 0;
    std::unique_ptr<Workload> workload_;
    boost::asio::io_context io_;
    ReadySet ready_;
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer sweep_timer_;
    Nanos armed_for_ = INT64_MAX;
    Pacer pacer_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_ring_;  // free slots in the order they became free, so that all take their turn
    std::size_t free_head_ = 0;
    std::size_t free_count_ = 0;
    using Wake = std::pair<Nanos, std::uint32_t>;
    std::priority_queue<Wake, std::vector<Wake>, std::greater<>> thinking_;
    using Registration = std::pair<std::uint32_t, std::uint32_t>;  // slot, epoch
    std::vector<Registration> connected_;                          // in this batch, nothing written yet
    std::vector<Line> lines_;                                      // HTTP/2
    std::vector<std::uint32_t> dirty_;                             // lines
    bool sending_ended_ = false;
    double cpu_at_start_ = -1;
    std::unique_ptr<Secure> secure_;  // null: in clear
    std::vector<char> scratch_;
    Tally tally_;
    Progress progress_;
};

}  // namespace yardbench
