// Readiness of one worker's sockets: one edge-triggered epoll set that every socket joins once and leaves when closed.
//
// Asio's reactor re-arms a descriptor with epoll_ctl for each wait, or tries a read first that fails with EAGAIN: one
//   system call per wait, two per exchange. This set needs neither (docs/decisions/0002). It hangs in the worker's
//   io_context as one descriptor.
// One that steps back has one turn in each round, behind the news: between two of them the kernel is asked again, so
//   that a client that has just sent something waits for one of the greedy at most, however many there are.
// Two phases per turn: first every event is noted in its Socket and its Waiter is queued, then the waiters run. So a
//   waiter may close and destroy any socket or waiter without leaving a dangling event.
// Each waiter has its place in the queues from its beginning: news of a socket, which come once, are not lost for want
//   of memory.
// Threads: one worker. Owns: the epoll descriptor, not the sockets; waiters end before it.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace switchyard::net {

class Poller;
class Waiter;

// While a program is started its process has a copy of every descriptor until it closes them, and a socket that is
// closed here meanwhile would stay in the set, and be told of when it is long gone: from when each thread of a poller
// has seen this, sockets leave the set before they are closed. Each true is followed by a false, or holds until the
// process ends. Threads: control sets it.
void copies_of_descriptors(bool there_may_be);

// A descriptor in the set, and what is known of its readiness. Base of Stream and Listener.
class Socket {
  public:
    Socket() = default;
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { close(); }

    bool is_open() const { return fd_ >= 0; }
    int descriptor() const { return fd_; }
    // What is woken by readiness from now on; null: nothing.
    void notify(Waiter* waiter) { waiter_ = waiter; }
    Waiter* waiter() const { return waiter_; }
    void close();

    // Edge-triggered knowledge: true until an operation finds out otherwise.
    bool readable = false;
    bool writable = false;
    bool hung_up = false;  // the peer has shut its sending side (or more)
    bool broken = false;   // both sides are gone: reset, or closed after our shutdown

  protected:
    friend class Poller;
    void adopt(int fd) { fd_ = fd; }
    int fd_ = -1;

  private:
    Waiter* waiter_ = nullptr;
};

// Something that sleeps until one of its sockets or its timer has news: a session's coroutine, or a plain handler.
class Waiter {
  public:
    explicit Waiter(Poller& poller);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual ~Waiter();

    // Runs at the next wake-up phase of the poller, once.
    void wake();
    // For one that has had its turn and has more to do at once: runs behind all that have news by then, and
    // behind those that have stepped back before it.
    void step_back();
    // Whatever it was queued for is no longer its own to hear.
    void leave_queue() {
        if (queued_ != kNowhere) unqueue();
    }

  protected:
    // Called from the poller with nothing else on the stack; may destroy *this.
    virtual void woken() = 0;

  private:
    friend class Poller;
    void unqueue();

    Poller* poller_;
    static constexpr std::int32_t kNowhere = -1, kBack = -2;
    std::int32_t queued_ = kNowhere;  // index in the poller's queue
};

class Poller {
  public:
    Poller();
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    int descriptor() const { return epoll_; }
    // Joins the set for good; false when the kernel refuses.
    bool add(Socket& socket);
    // Leaves the set without being closed: for descriptors that belong to another owner.
    void remove(Socket& socket);
    // One turn without blocking: notes events, runs waiters. Says how many events there were. What a waiter throws goes
    // to the caller; no other waiter loses its turn by it.
    int turn();
    // So many have begun: names the one that runs.
    std::uint64_t turns() const { return turns_; }
    bool has_queued() const { return !queue_.empty() || !back_.empty(); }

  private:
    friend class Waiter;
    class Round;
    void make_room();
    static constexpr int kEventsPerTurn = 256;

    int epoll_;
    std::vector<Waiter*> queue_, running_;
    std::vector<Waiter*> back_;  // stepped back, oldest first: one of them each turn
    std::size_t waiters_ = 0;
    std::uint64_t turns_ = 0;
    bool in_running_ = false;
};

}  // namespace switchyard::net
