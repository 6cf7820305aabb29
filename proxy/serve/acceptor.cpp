#include "proxy/serve/acceptor.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proxy/base/log.h"

namespace switchyard::serve {
namespace {

constexpr int kPerTurn = 64;            // of one listener, before other sockets get their turn
constexpr int kQueueAtClose = 4096;     // the largest accept queue we ask the kernel for
constexpr std::int64_t kPauseMs = 100;  // when out of descriptors

}  // namespace

Acceptor::Acceptor(Context& context, std::shared_ptr<const ListenerPlan> plan, Start start)
    : Waiter(context.poller), context_(context), plan_(std::move(plan)), start_(std::move(start)) {
    pause_.waiter = this;
    adopt(plan_->sockets->descriptor(context.worker_number));
    notify(this);
    if (!context_.poller.add(*this)) log_error("listener {}: cannot be watched: {}", plan_->name, std::strerror(errno));
    readable = true;
    wake();
}

Acceptor::~Acceptor() {
    context_.poller.remove(*this);
}

void Acceptor::woken() {
    for (int i = 0; i < kPerTurn; ++i)
        if (!accept_one()) return;
    wake();
}

void Acceptor::close_after_queue() {
    for (int i = 0; i < kQueueAtClose && accept_one(); ++i) {
    }
    const int fd = descriptor();
    context_.poller.remove(*this);
    ::shutdown(fd, SHUT_RD);
}

bool Acceptor::accept_one() {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    const int fd = ::accept4(descriptor(), reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EINTR || errno == ECONNABORTED) return true;
        if (errno != EAGAIN) {
            log_warn("listener {}: accept: {}; pausing for {} ms", plan_->name, std::strerror(errno), kPauseMs);
            context_.wheel->set(pause_, context_.now_ms + kPauseMs);
        }
        return false;
    }
    ++context_.counts.accepted;
    if (plan_->max_connections != 0 &&
        plan_->connections->value.load(std::memory_order_relaxed) >= plan_->max_connections) {
        ::close(fd);
        return true;
    }
    start_(std::make_unique<Session>(context_, plan_, route::ClientAddress::of(peer)), fd);
    return true;
}

}  // namespace switchyard::serve
