#include "control/upgrade/channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

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

std::optional<Message> Channel::rest() {
    if (watch_) watch_->release();
    watch_.reset();
    on_message_ = {};
    on_end_ = {};
    if (!is_open() || !assembly_.begun()) return std::nullopt;
    auto last = receive(kSendWait);
    return last ? std::optional<Message>(std::move(*last)) : std::nullopt;
}

void Channel::close() {
    if (watch_) watch_->release();
    watch_.reset();
    on_message_ = {};
    on_end_ = {};
    socket_ = switchyard::net::Descriptor();
}

bool Channel::send(const Json& message, const std::vector<int>& descriptors) {
    return send_within(message, descriptors, kSendWait);
}

bool Channel::offer(const Json& message) {
    return send_within(message, {}, std::chrono::milliseconds{0});
}

bool Channel::send_within(const Json& message, const std::vector<int>& descriptors,
                          std::chrono::milliseconds first_wait) {
    if (!is_open()) return false;
    auto until = steady_clock::now() + first_wait;
    std::size_t next = 0;
    for (auto& packet : packets_of(message, descriptors.size())) {
        iovec text{packet.bytes.data(), packet.bytes.size()};
        msghdr header{};
        header.msg_iov = &text;
        header.msg_iovlen = 1;
        alignas(cmsghdr) std::array<char, kControl> attached{};
        if (packet.descriptors > 0) {
            const auto bytes = packet.descriptors * sizeof(int);
            header.msg_control = attached.data();
            header.msg_controllen = CMSG_SPACE(bytes);
            cmsghdr* rights = CMSG_FIRSTHDR(&header);
            rights->cmsg_level = SOL_SOCKET;
            rights->cmsg_type = SCM_RIGHTS;
            rights->cmsg_len = CMSG_LEN(bytes);
            std::memcpy(CMSG_DATA(rights), &descriptors[next], bytes);
            next += packet.descriptors;
        }
        while (::sendmsg(socket_.get(), &header, MSG_NOSIGNAL) < 0) {
            if (errno == EINTR) continue;
            if ((errno != EAGAIN && errno != EWOULDBLOCK) || !wait_for(socket_.get(), POLLOUT, until)) return false;
        }
        until = steady_clock::now() + kSendWait;  // what has begun has to be whole
    }
    return true;
}

Result<std::optional<Message>> Channel::take() {
    std::string bytes(kHead + kPart, '\0');
    iovec text{bytes.data(), bytes.size()};
    msghdr header{};
    header.msg_iov = &text;
    header.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, kControl> attached{};
    header.msg_control = attached.data();
    header.msg_controllen = attached.size();
    ssize_t size = 0;
    do size = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (size < 0 && errno == EINTR);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::optional<Message>{};
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
    auto whole = assembly_.feed(std::string_view(bytes).substr(0, static_cast<std::size_t>(size)), with);
    if (!whole) return whole.error();
    if (!*whole) return take();
    return std::optional<Message>(Message{std::move(**whole), std::exchange(came_, {})});
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
                               rest();
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
