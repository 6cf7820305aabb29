#include "bench/yardbench/endpoint/known_endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace yardbench {
namespace {

constexpr Nanos kLongestWait = 100 * kMillisecond;  // how late stop() may be noticed
constexpr int kBacklog = 4096;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void watch(int epoll, int op, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll, op, fd, &event);
}

std::size_t content_length(std::string_view head) {
    constexpr std::string_view kName = "\r\ncontent-length:";
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2))
        if (head.size() - at > kName.size() && ::strncasecmp(head.data() + at, kName.data(), kName.size()) == 0)
            return std::strtoul(head.data() + at + kName.size(), nullptr, 10);
    return 0;
}

// Not compressed, and so long.
std::string grpc_prefix(std::size_t length) {
    std::string out(1, '\0');
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(length >> static_cast<unsigned>(shift) & 0xff);
    return out;
}

}  // namespace

KnownEndpoint::KnownEndpoint(Settings settings) : settings_(std::move(settings)), buffer_(std::size_t{1} << 16) {
    response_ = "HTTP/1.1 " + std::to_string(settings_.status) + " Known\r\nContent-Type: text/plain\r\n";
    if (!settings_.colour.empty()) response_ += settings_.colour_header + ": " + settings_.colour + "\r\n";
    if (settings_.close_each) response_ += "Connection: close\r\n";
    response_ += "Content-Length: " + std::to_string(settings_.body) + "\r\n\r\n" + std::string(settings_.body, 'x');
    answer_.status = std::to_string(settings_.status);
    answer_.body = std::string(settings_.body, 'x');
    if (!settings_.colour.empty()) {
        answer_.extra_name = settings_.colour_header;
        for (char& c : answer_.extra_name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        answer_.extra_value = settings_.colour;
    }
    if (settings_.grpc_status >= 0) {
        answer_.content_type = "application/grpc";
        answer_.grpc_status = settings_.grpc_status;
        answer_.messages = settings_.messages;
        answer_.body.insert(0, grpc_prefix(settings_.body));
    }
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener_ < 0) fail("socket");
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(settings_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, length) != 0) fail("bind to the port given with --port");
    if (::listen(listener_, kBacklog) != 0) fail("listen");
    if (::getsockname(listener_, generic, &length) != 0) fail("getsockname");
    port_ = ntohs(address.sin_port);
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) fail("epoll_create1");
    watch(epoll_, EPOLL_CTL_ADD, listener_, EPOLLIN);
}

KnownEndpoint::~KnownEndpoint() {
    for (const auto& [fd, connection] : open_) ::close(fd);
    ::close(epoll_);
    ::close(listener_);
}

void KnownEndpoint::run() {
    std::array<epoll_event, 512> events;
    while (!stopping_.load(std::memory_order_relaxed)) {
        const Nanos wait = std::clamp<Nanos>(next_wake() - now(), 0, kLongestWait);
        const timespec timeout{wait / kSecond, wait % kSecond};
        const int ready = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
        stall_if_due();
        for (int i = 0; i < ready; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            const int fd = event.data.fd;
            if (fd == listener_) {
                accept_all();
                continue;
            }
            const auto found = open_.find(fd);
            if (found == open_.end()) continue;
            bool alive = true;
            if ((event.events & EPOLLOUT) != 0) alive = flush(fd, found->second);
            if (alive && (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) alive = read(fd, found->second);
            if (!alive) drop(fd);
        }
        answer_due();
    }
}

Nanos KnownEndpoint::next_wake() const {
    Nanos next = now() + kLongestWait;
    if (due_head_ < due_.size()) next = std::min(next, due_[due_head_].when);
    if (next_stall_ != 0) next = std::min(next, next_stall_);
    return next;
}

void KnownEndpoint::stall_if_due() {
    if (next_stall_ == 0) return;
    const Nanos began = now();
    if (began < next_stall_) return;
    const timespec length{settings_.stall_for / kSecond, settings_.stall_for % kSecond};
    ::nanosleep(&length, nullptr);
    if (stall_ended_.load(std::memory_order_relaxed) == 0) {
        stall_began_.store(began, std::memory_order_relaxed);
        stall_ended_.store(now(), std::memory_order_release);
    }
    next_stall_ += settings_.stall_every;
}

void KnownEndpoint::accept_all() {
    const int on = 1;
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Connection& connection = open_[fd];
        connection.id = next_id_++;
        if (settings_.http2)
            connection.streams = std::make_unique<KnownStreams>(
                answer_, [this, fd, &connection](std::int32_t stream) { request_came(fd, connection, stream); });
        accepted_.fetch_add(1, std::memory_order_relaxed);
        watch(epoll_, EPOLL_CTL_ADD, fd, EPOLLIN);
    }
}

bool KnownEndpoint::read(int fd, Connection& connection) {
    const ssize_t got = ::recv(fd, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    if (connection.streams) return read_streams(fd, connection, {buffer_.data(), static_cast<std::size_t>(got)});
    connection.unparsed.append(buffer_.data(), static_cast<std::size_t>(got));
    take_requests(fd, connection);
    return settings_.delay > 0 || flush(fd, connection);
}

void KnownEndpoint::take_requests(int fd, Connection& connection) {
    std::string& bytes = connection.unparsed;
    std::size_t start = 0;
    for (;;) {
        const std::size_t skipped = std::min(connection.skip, bytes.size() - start);
        start += skipped;
        connection.skip -= skipped;
        const std::size_t end = connection.skip > 0 ? std::string::npos : bytes.find("\r\n\r\n", start);
        if (end == std::string::npos) break;
        if (bytes[start] == 'P') connection.skip = content_length({bytes.data() + start, end - start});
        start = end + 4;
        request_came(fd, connection, 0);
    }
    bytes.erase(0, start);
}

// `stream` 0: HTTP/1.1.
void KnownEndpoint::request_came(int fd, Connection& connection, std::int32_t stream) {
    requests_.fetch_add(1, std::memory_order_relaxed);
    if (settings_.stall_every > 0 && next_stall_ == 0) next_stall_ = now() + settings_.stall_every;
    if (settings_.delay > 0)
        due_.push_back({now() + settings_.delay, fd, connection.id, stream});
    else
        answer(connection, stream);
}

void KnownEndpoint::answer(Connection& connection, std::int32_t stream) {
    if (connection.streams)
        connection.streams->answer(stream);
    else
        ++connection.owed;
}

bool KnownEndpoint::read_streams(int fd, Connection& connection, std::string_view octets) {
    return connection.streams->feed(octets) && flush_streams(fd, connection);
}

bool KnownEndpoint::flush_streams(int fd, Connection& connection) {
    if (connection.offset == connection.out.size()) {
        connection.out.clear();
        connection.offset = 0;
    }
    connection.streams->take_output(connection.out);
    while (connection.offset < connection.out.size()) {
        const ssize_t sent = ::send(fd, connection.out.data() + connection.offset,
                                    connection.out.size() - connection.offset, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN && wait_for_room(fd, connection);
        connection.offset += static_cast<std::size_t>(sent);
    }
    if (connection.waiting) watch(epoll_, EPOLL_CTL_MOD, fd, EPOLLIN);
    connection.waiting = false;
    return true;
}

bool KnownEndpoint::wait_for_room(int fd, Connection& connection) {
    if (!connection.waiting) watch(epoll_, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
    connection.waiting = true;
    return true;
}

void KnownEndpoint::answer_due() {
    // The clock is read for each answer: writing the ones before it takes time on a busy machine.
    while (due_head_ < due_.size() && due_[due_head_].when <= now()) {
        const Due due = due_[due_head_++];
        const auto found = open_.find(due.fd);
        if (found == open_.end() || found->second.id != due.id) continue;
        answer(found->second, due.stream);
        if (!flush(due.fd, found->second)) drop(due.fd);
    }
    if (due_head_ == due_.size()) {
        due_.clear();
        due_head_ = 0;
    }
}

bool KnownEndpoint::flush(int fd, Connection& connection) {
    if (connection.streams) return flush_streams(fd, connection);
    while (connection.owed > 0) {
        const ssize_t sent =
            ::send(fd, response_.data() + connection.offset, response_.size() - connection.offset, MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN && wait_for_room(fd, connection);
        }
        connection.offset += static_cast<std::size_t>(sent);
        if (connection.offset < response_.size()) continue;
        connection.offset = 0;
        --connection.owed;
        if (settings_.close_each) return false;
    }
    if (connection.waiting) watch(epoll_, EPOLL_CTL_MOD, fd, EPOLLIN);
    connection.waiting = false;
    return true;
}

void KnownEndpoint::drop(int fd) {
    open_.erase(fd);
    ::close(fd);
}

}  // namespace yardbench
