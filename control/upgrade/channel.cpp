#include "control/upgrade/channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace switchyard::control::upgrade {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr std::size_t kControl = CMSG_SPACE((kMostDescriptors + 53) * sizeof(int));  // SCM_MAX_FD

bool wait_for(int fd, short what, steady_clock::time_point until) {
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_clock::now()).count();
        pollfd one{fd, what, 0};
        const int ready = ::poll(&one, 1, static_cast<int>(std::max<long>(left, 0)));
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

}  // namespace

Channel::Channel(switchyard::net::Descriptor socket) : socket_(std::move(socket)) {
    ::fcntl(socket_.get(), F_SETFD, FD_CLOEXEC);
    ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
}

Channel::~Channel() {
    close();
}

void Channel::hear_no_more() {
    if (watch_) watch_->release();
    watch_.reset();
    waits_to_write_ = false;
    on_message_ = {};
    on_end_ = {};
}

std::optional<Message> Channel::rest() {
    hear_no_more();
    if (!is_open()) return std::nullopt;
    flush(kSendWait);
    if (!assembly_.begun()) return std::nullopt;
    auto last = receive(kSendWait);
    return last ? std::optional<Message>(std::move(*last)) : std::nullopt;
}

void Channel::close() {
    hear_no_more();
    out_.clear();
    waiting_ = 0;
    socket_ = switchyard::net::Descriptor();
}

bool Channel::send(const Json& message, const std::vector<int>& descriptors) {
    if (!is_open() || waiting_ > kMostWaiting) return false;
    auto next = descriptors.begin();
    for (auto& packet : packets_of(message, descriptors.size())) {
        const auto end = next + static_cast<std::ptrdiff_t>(packet.descriptors);
        waiting_ += packet.bytes.size();
        out_.push_back({std::move(packet.bytes), {next, end}, {}});
        next = end;
    }
    if (!write() || !own_descriptors()) return false;
    return watch_ || flush(kSendWait);
}

bool Channel::offer(const Json& message) {
    return waiting_ <= kMostOffered && send(message);
}

bool Channel::flush(std::chrono::milliseconds most) {
    const auto until = steady_clock::now() + most;
    while (!out_.empty()) {
        if (!wait_for(socket_.get(), POLLOUT, std::min(until, steady_clock::now() + kSendWait))) return false;
        if (!write()) return false;
        if (!out_.empty() && steady_clock::now() >= until) return false;
    }
    return true;
}

bool Channel::write() {
    for (; !out_.empty(); out_.pop_front()) {
        auto& packet = out_.front();
        iovec text{packet.bytes.data(), packet.bytes.size()};
        msghdr header{};
        header.msg_iov = &text;
        header.msg_iovlen = 1;
        alignas(cmsghdr) std::array<char, kControl> attached{};
        if (!packet.descriptors.empty()) {
            const auto bytes = packet.descriptors.size() * sizeof(int);
            header.msg_control = attached.data();
            header.msg_controllen = CMSG_SPACE(bytes);
            cmsghdr* rights = CMSG_FIRSTHDR(&header);
            rights->cmsg_level = SOL_SOCKET;
            rights->cmsg_type = SCM_RIGHTS;
            rights->cmsg_len = CMSG_LEN(bytes);
            std::memcpy(CMSG_DATA(rights), packet.descriptors.data(), bytes);
        }
        ssize_t size = 0;
        do size = ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (size < 0 && errno == EINTR);
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (size < 0) return give_up(), false;
        waiting_ -= packet.bytes.size();
    }
    wait_to_write();
    return true;
}

// What waits goes out when its caller has long closed them.
bool Channel::own_descriptors() {
    for (auto& packet : out_) {
        if (!packet.own.empty()) continue;
        for (int& each : packet.descriptors) {
            each = ::fcntl(each, F_DUPFD_CLOEXEC, 0);
            if (each < 0) return give_up(), false;
            packet.own.emplace_back(each);
        }
    }
    return true;
}

// The other side hears the end of it; what it has said still comes, and then its own end.
void Channel::give_up() {
    out_.clear();
    waiting_ = 0;
    ::shutdown(socket_.get(), SHUT_WR);
}

void Channel::wait_to_write() {
    if (!watch_ || out_.empty() || std::exchange(waits_to_write_, true)) return;
    watch_->async_wait(asio::posix::stream_descriptor::wait_write,
                       [this, alive = std::weak_ptr(alive_), watch = watch_.get()](boost::system::error_code ec) {
                           if (ec || alive.expired() || watch_.get() != watch) return;
                           waits_to_write_ = false;
                           write();
                       });
}

Result<std::optional<Channel::Incoming>> Channel::take_packet() {
    std::string bytes(kHead + kPart, '\0');
    iovec text{bytes.data(), bytes.size()};
    msghdr header{};
    header.msg_iov = &text;
    header.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, kControl> attached{};
    header.msg_control = attached.data();
    header.msg_controllen = attached.size();
    ssize_t size = 0;
    const auto receive = [&] {
        do size = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        while (size < 0 && errno == EINTR);
    };
    receive();
    // The other side has gone without reading everything. That is said once, before what it sent itself.
    if (size < 0 && errno == ECONNRESET) receive();
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::optional<Incoming>{};
    if (size < 0) return problems::internal(std::strerror(errno));
    std::size_t with = 0;
    for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
        const auto count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(each) + i * sizeof(int), sizeof fd);
            came_.emplace_back(fd);
        }
        with += count;
    }
    if (size == 0) return problems::internal("it has ended");
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return problems::internal("a packet was cut short");
    bytes.resize(static_cast<std::size_t>(size));
    return std::optional<Incoming>({std::move(bytes), with});
}

Result<std::optional<Message>> Channel::take() {
    for (;;) {
        auto packet = take_packet();
        if (!packet) return packet.error();
        if (!*packet) return std::optional<Message>{};
        auto whole = assembly_.feed((*packet)->bytes, (*packet)->descriptors);
        if (!whole) return whole.error();
        if (*whole) return std::optional<Message>(Message{std::move(**whole), std::exchange(came_, {})});
    }
}

Result<Message> Channel::receive(std::chrono::milliseconds within) {
    const auto until = steady_clock::now() + within;
    for (;;) {
        auto taken = take();
        if (!taken) return taken.error();
        if (*taken) return std::move(**taken);
        if (!wait_for(socket_.get(), POLLIN, until))
            return problems::internal(fmt::format("nothing was heard for {} ms", within.count()));
    }
}

void Channel::listen(const asio::any_io_executor& executor, OnMessage message, OnEnd end) {
    on_message_ = std::move(message);
    on_end_ = std::move(end);
    watch_ = std::make_unique<asio::posix::stream_descriptor>(executor, socket_.get());
    wait();
    wait_to_write();
}

void Channel::wait() {
    watch_->async_wait(asio::posix::stream_descriptor::wait_read,
                       [this, alive = std::weak_ptr(alive_), watch = watch_.get()](boost::system::error_code ec) {
                           if (ec || alive.expired() || watch_.get() != watch) return;
                           // What is called may close this, or be the end of it.
                           auto taken = take();
                           if (!taken) {
                               const auto end = std::exchange(on_end_, {});
                               assembly_ = {};
                               hear_no_more();
                               give_up();
                               return end ? end(taken.error().detail) : void();
                           }
                           if (*taken) {
                               const auto message = on_message_;
                               if (message) message(std::move(**taken));
                               if (alive.expired() || watch_.get() != watch) return;
                           }
                           wait();
                       });
}

}  // namespace switchyard::control::upgrade
