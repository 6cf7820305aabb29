#include "bench/yardbench/engine/ready_set.h"

#include <sys/epoll.h>

#include <array>
#include <system_error>

namespace yardbench {
namespace {

constexpr int kBatch = 256;    // events taken from the kernel at once
constexpr int kMaxRounds = 8;  // batches before the io_context gets its turn (timers, stop)

int make_epoll() {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    return fd;
}

void control(int epoll, int op, int fd, std::uint32_t events, std::uint32_t slot, std::uint32_t epoch) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = (static_cast<std::uint64_t>(epoch) << 32) | slot;
    if (::epoll_ctl(epoll, op, fd, &event) != 0) throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

}  // namespace

ReadySet::ReadySet(boost::asio::io_context& io, Handler handler, AfterBatch after_batch)
    : epoll_(io, make_epoll()), handler_(std::move(handler)), after_batch_(std::move(after_batch)) {}

void ReadySet::add(int fd, std::uint32_t events, std::uint32_t slot, std::uint32_t epoch) {
    control(epoll_.native_handle(), EPOLL_CTL_ADD, fd, events, slot, epoch);
}

void ReadySet::change(int fd, std::uint32_t events, std::uint32_t slot, std::uint32_t epoch) {
    control(epoll_.native_handle(), EPOLL_CTL_MOD, fd, events, slot, epoch);
}

void ReadySet::stop() {
    boost::system::error_code ignored;
    epoll_.cancel(ignored);
}

void ReadySet::wait() {
    epoll_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
        if (error) return;
        drain();
        wait();
    });
}

void ReadySet::drain() {
    std::array<epoll_event, kBatch> events;
    for (int round = 0; round < kMaxRounds; ++round) {
        const int ready = ::epoll_wait(epoll_.native_handle(), events.data(), kBatch, 0);
        if (ready <= 0) return;
        for (int i = 0; i < ready; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            handler_(static_cast<std::uint32_t>(event.data.u64), static_cast<std::uint32_t>(event.data.u64 >> 32),
                     event.events);
        }
        after_batch_();
    }
}

}  // namespace yardbench
