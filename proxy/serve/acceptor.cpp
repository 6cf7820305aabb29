#include "proxy/serve/acceptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "proxy/base/log.h"

namespace switchyard::serve {
namespace {

constexpr int kPerTurn = 64;            // of one listener, before other sockets get their turn
constexpr int kQueueAtClose = 4096;     // the largest accept queue we ask the kernel for
constexpr std::int64_t kPauseMs = 100;  // when out of descriptors

}  // namespace

Acceptor::Acceptor(Context& context, ListenerPlace& place, Start start)
    : Waiter(context.poller),
      context_(context),
      sockets_(place.plan().sockets),
      place_(place),
      start_(std::move(start)) {
    pause_.waiter = this;
    adopt(sockets_->descriptor(context.worker_number));
    notify(this);
    if (!context_.poller.add(*this))
        log_error("listener {}: cannot be watched: {}", place_.plan().name, std::strerror(errno));
    readable = true;
    wake();
}

Acceptor::~Acceptor() {
    context_.poller.remove(*this);
}

void Acceptor::woken() {
    for (int i = 0; i < kPerTurn; ++i)
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

bool Acceptor::accept_one() {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    net::Descriptor fd(
        ::accept4(descriptor(), reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.is_open()) {
        if (errno == EINTR || errno == ECONNABORTED) return true;
        if (errno != EAGAIN) {
            log_warn("listener {}: accept: {}; pausing for {} ms", place_.plan().name, std::strerror(errno), kPauseMs);
            context_.wheel->set(pause_, context_.now_ms + kPauseMs);
        }
        return false;
    }
    ++context_.counts.accepted;
    if (place_.full()) return true;
    start_(std::make_unique<Session>(context_, place_, route::ClientAddress::of(peer)), std::move(fd));
    return true;
}

}  // namespace switchyard::serve
