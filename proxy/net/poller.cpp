#include "proxy/net/poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace switchyard::net {

namespace {

std::atomic<int> copied{0};  // by so many that start a program
thread_local int set_of_this_thread = -1;

}  // namespace

void copies_of_descriptors(bool there_may_be) {
    copied.fetch_add(there_may_be ? 1 : -1, std::memory_order_relaxed);
}

void Socket::close() {
    if (fd_ >= 0) {
        // Else it leaves the set with its last descriptor, which is ours.
        if (copied.load(std::memory_order_relaxed) != 0) epoll_ctl(set_of_this_thread, EPOLL_CTL_DEL, fd_, nullptr);
        ::close(fd_);
    }
    fd_ = -1;
    readable = writable = hung_up = broken = false;
    waiter_ = nullptr;
}

Waiter::Waiter(Poller& poller) : poller_(&poller) {
    poller.make_room();
}

Waiter::~Waiter() {
    leave_queue();
    --poller_->waiters_;
}

void Waiter::unqueue() {
    const std::int32_t queued = std::exchange(queued_, kNowhere);
    if (queued == kBack) std::erase(poller_->back_, this);
    if (queued < 0) return;
    const auto place = static_cast<std::size_t>(queued);
    auto& queue = poller_->in_running_ && place < poller_->running_.size() && poller_->running_[place] == this
                      ? poller_->running_
                      : poller_->queue_;
    queue[place] = nullptr;
}

void Waiter::wake() {
    if (queued_ != kNowhere) return;
    poller_->queue_.push_back(this);
    queued_ = static_cast<std::int32_t>(poller_->queue_.size() - 1);
}

void Waiter::step_back() {
    if (queued_ != kNowhere) return;
    poller_->back_.push_back(this);
    queued_ = kBack;
}

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

Poller::~Poller() {
    ::close(epoll_);
}

// For one waiter more in each of the queues. They trade places, so all of them have the same room.
void Poller::make_room() {
    if (waiters_ >= queue_.capacity() || waiters_ >= running_.capacity() || waiters_ >= back_.capacity()) {
        const std::size_t most = std::max<std::size_t>(64, 2 * waiters_);
        for (auto* queue : {&queue_, &running_, &back_}) queue->reserve(most);
    }
    ++waiters_;
}

bool Poller::add(Socket& socket) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &socket;
    return epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.fd_, &event) == 0;
}

void Poller::remove(Socket& socket) {
    if (socket.fd_ < 0) return;
    epoll_ctl(epoll_, EPOLL_CTL_DEL, socket.fd_, nullptr);
    socket.fd_ = -1;
    socket.waiter_ = nullptr;
}

// Those whose turn it is. When one of them throws, the rest have theirs in the next turn.
class Poller::Round {
  public:
    explicit Round(Poller& poller) : poller_(poller) {
        poller_.running_.swap(poller_.queue_);
        poller_.in_running_ = true;
    }
    ~Round() {
        poller_.in_running_ = false;
        for (Waiter* left : poller_.running_) {
            if (left == nullptr) continue;
            left->queued_ = Waiter::kNowhere;
            left->wake();
        }
        poller_.running_.clear();
    }
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;

  private:
    Poller& poller_;
};

int Poller::turn() {
    ++turns_;
    set_of_this_thread = epoll_;
    std::array<epoll_event, kEventsPerTurn> events;
    const int count = epoll_wait(epoll_, events.data(), kEventsPerTurn, 0);
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        auto& socket = *static_cast<Socket*>(event.data.ptr);
        bool news = false;
        if (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) socket.readable = news = true;
        if (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) socket.hung_up = true;
        if (event.events & (EPOLLHUP | EPOLLERR)) socket.broken = true;
        if ((event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) && !socket.writable) socket.writable = news = true;
        if (news && socket.waiter_ != nullptr) socket.waiter_->wake();
    }
    if (!back_.empty()) {
        Waiter* oldest = back_.front();
        back_.erase(back_.begin());
        oldest->queued_ = Waiter::kNowhere;
        oldest->wake();
    }
    if (queue_.empty()) return count;
    const Round round(*this);
    for (std::size_t i = 0; i < running_.size(); ++i) {
        Waiter* waiter = running_[i];
        if (waiter == nullptr) continue;
        waiter->queued_ = Waiter::kNowhere;
        running_[i] = nullptr;
        waiter->woken();
    }
    return count;
}

}  // namespace switchyard::net
