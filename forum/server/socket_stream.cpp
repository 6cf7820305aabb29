#include "forum/server/socket_stream.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace forum {

namespace {

using Clock = std::chrono::steady_clock;

// Answers larger than this are sent in pieces, so that one slow reader does not hold them twice.
constexpr std::size_t kWriteBuffer = 256 * 1'024;

int milliseconds_until(Clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

// 204 and 304 have no body, and cpp-httplib says "Content-Length: 0" with them, which RFC 9110 forbids for the one and
// makes wrong for the other.
void drop_length_of_bodiless(std::string& answer) {
    if (!answer.starts_with("HTTP/1.1 204") && !answer.starts_with("HTTP/1.1 304")) return;
    static constexpr std::string_view kLine = "\r\nContent-Length: 0";
    const std::size_t at = answer.find(kLine);
    if (at != std::string::npos) answer.erase(at, kLine.size());
}

std::string address_of(int socket) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return "";
    if (address.ss_family == AF_INET) {
        inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(&address)->sin_addr, text.data(), text.size());
    } else if (address.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr, text.data(), text.size());
    }
    return text.data();
}

}  // namespace

SocketStream::SocketStream(int socket, int wake, std::chrono::milliseconds request_limit, std::size_t request_bytes)
    : socket_(socket),
      wake_(wake),
      request_limit_(request_limit),
      request_bytes_(request_bytes),
      remote_(address_of(socket)) {
    begin_request();
}

void SocketStream::begin_request() {
    deadline_ = Clock::now() + request_limit_;
    budget_ = request_bytes_;
    head_.begin();
}

SocketStream::Wait SocketStream::wait_for_request(std::chrono::milliseconds limit) {
    if (has_unread()) return Wait::request;
    std::array<pollfd, 2> watched = {pollfd{socket_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    const auto deadline = Clock::now() + limit;
    for (;;) {
        const int ready = ::poll(watched.data(), watched.size(), milliseconds_until(deadline));
        if (ready == 0) return Wait::idle;
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) return Wait::closed;
        // A request that is there already is served even when the connection is to end.
        if (watched[0].revents != 0) return fill() ? Wait::request : Wait::closed;
        return Wait::closed;
    }
}

bool SocketStream::wait(short events) {
    pollfd watched{socket_, events, 0};
    for (;;) {
        const int ready = ::poll(&watched, 1, milliseconds_until(deadline_));
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

bool SocketStream::fill() {
    for (;;) {
        const ssize_t got = ::recv(socket_, read_.data(), read_.size(), MSG_DONTWAIT);
        if (got > 0) {
            read_at_ = 0;
            read_end_ = static_cast<std::size_t>(got);
            return true;
        }
        if (got == 0) return false;
        if (errno == EINTR) continue;
        if ((errno != EAGAIN && errno != EWOULDBLOCK) || !wait(POLLIN)) return false;
    }
}

ssize_t SocketStream::read(char* to, size_t size) {
    if (!has_unread()) {
        // What was answered so far ("100 Continue") must be out before more is expected.
        if (!flush() || !fill()) return -1;
    }
    const std::size_t count = std::min({size, read_end_ - read_at_, budget_});
    if (count == 0) return -1;
    budget_ -= count;
    std::memcpy(to, read_.data() + read_at_, count);
    read_at_ += count;
    if (!head_.complete()) head_.take({to, count});
    return static_cast<ssize_t>(count);
}

ssize_t SocketStream::write(const char* from, size_t size) {
    if (broken_) return -1;
    written_.append(from, size);
    if (written_.size() > kWriteBuffer && !flush()) return -1;
    return static_cast<ssize_t>(size);
}

bool SocketStream::flush() {
    drop_length_of_bodiless(written_);
    std::size_t sent = 0;
    while (sent < written_.size() && !broken_) {
        const ssize_t count =
            ::send(socket_, written_.data() + sent, written_.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) {
            sent += static_cast<std::size_t>(count);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            broken_ = !wait(POLLOUT);
        } else if (errno != EINTR) {
            broken_ = true;
        }
    }
    written_.clear();
    return !broken_;
}

void SocketStream::get_remote_ip_and_port(std::string& ip, int& port) const {
    ip = remote_;
    port = 0;
}

void SocketStream::get_local_ip_and_port(std::string& ip, int& port) const {
    ip.clear();
    port = 0;
}

}  // namespace forum
