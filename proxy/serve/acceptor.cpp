#include "proxy/serve/acceptor.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "proxy/base/log.h"
#include "proxy/base/open_files.h"

namespace switchyard::serve {
namespace {

constexpr int kPerTurn = 64;            // of one listener, before other sockets get their turn
constexpr int kPerTurnBehind = 4;       // where those that came before still stand in line for their handshakes
constexpr int kQueueAtClose = 4096;     // the largest accept queue we ask the kernel for
constexpr std::int64_t kPauseMs = 100;  // when out of descriptors
// Whether any is left is asked from here on, one by one: workers take so many at a time without asking.
constexpr int kNearTheEnd = 4 * kPerTurn;
constexpr std::int64_t kQuietMs = 10'000;  // between two complaints about the same

}  // namespace

Acceptor::Acceptor(WorkerContext& context, ListenerPlace& place, Start start)
    : Waiter(context.poller),
      context_(context),
      sockets_(place.plan().sockets),
      place_(place),
      start_(std::move(start)) {
    pause_.waiter = this;
    adopt(sockets_->descriptor(context.worker_number));
    notify(this);
    readable = true;
    wake();
}

Acceptor::~Acceptor() {
    context_.poller.remove(*this);
}

// The kernel may refuse to at first (epoll's own limit, memory): a listener is not deaf for good because of that.
bool Acceptor::watched() {
    if (!watched_ && !(watched_ = context_.poller.add(*this))) pause(std::strerror(errno));
    return watched_;
}

void Acceptor::woken() {
    if (!is_open() || !watched()) return;
    const int most = place_.plan().tls && context_.handshakes.line_waits() ? kPerTurnBehind : kPerTurn;
    for (int i = 0; i < most; ++i)
        if (!is_open() || !accept_one()) return;
    wake();
}

void Acceptor::close_after_queue() {
    for (int i = 0; i < kQueueAtClose && accept_one(); ++i) {
    }
    context_.poller.remove(*this);
    sockets_->close(context_.worker_number);
    context_.wheel->set(pause_, 0);
}

// The kernel would give the next connection the lowest number that is free: one for clients?
bool Acceptor::descriptor_to_spare() {
    const net::Descriptor next(::fcntl(descriptor(), F_DUPFD_CLOEXEC, 0));
    scarce_ = !next.is_open() || next.get() >= open_files.for_clients - kNearTheEnd;
    return next.is_open() && next.get() < open_files.for_clients;
}

void Acceptor::pause(const char* why) {
    context_.wheel->set(pause_, context_.now_ms + kPauseMs);
    if (context_.now_ms < quiet_until_ms_) return;
    quiet_until_ms_ = context_.now_ms + kQuietMs;
    log_warn("listener {}: accept: {}; new connections wait until it is better", place_.plan().name, why);
}

// Nothing is said to it, and nothing of it is read.
bool Acceptor::refuses(const route::ClientAddress& peer) {
    RefusedConnections& refused = context_.counts.refused;
    if (place_.full()) return ++refused.full, true;
    if (!place_.plan().refuses(peer)) return false;
    ++refused.peers;
    if (context_.now_ms < quiet_about_peers_until_ms_) return true;
    quiet_about_peers_until_ms_ = context_.now_ms + kQuietMs;
    char text[64];
    log_warn("listener {}: {} is not in proxy_protocol_from and is refused", place_.plan().name,
             std::string_view(text, peer.write(text)));
    return true;
}

bool Acceptor::accept_one() {
    if (scarce_ && !descriptor_to_spare()) {
        pause("the descriptors for clients are used up (ulimit -Hn)");
        return false;
    }
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    net::Descriptor fd(
        ::accept4(descriptor(), reinterpret_cast<sockaddr*>(&storage), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.is_open()) {
        if (errno == EINTR || errno == ECONNABORTED) return true;
        if (errno != EAGAIN) pause(std::strerror(errno));
        return false;
    }
    scarce_ = scarce_ || fd.get() >= open_files.for_clients - kNearTheEnd;
    ++context_.counts.accepted;
    const auto peer = route::ClientAddress::of(storage);
    if (refuses(peer)) return true;
    // This one is lost; those behind it wait, and would not be heard of again.
    try {
        start_(std::make_unique<Session>(context_, place_, peer), std::move(fd));
    } catch (const std::bad_alloc&) {
        pause("out of memory");
        return false;
    }
    return true;
}

}  // namespace switchyard::serve
