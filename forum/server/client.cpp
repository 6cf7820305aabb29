#include "forum/server/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace forum {

namespace {

constexpr std::size_t kReceiveAtOnce = 16'384;
// So much of what came unasked is read and thrown away behind a refusal.
constexpr std::size_t kDiscardBytes = 1'024 * 1'024;
// Buffers beyond this are given back when they are empty: thousands of idle clients would keep them.
constexpr std::size_t kKeptBuffer = 4'096;

std::string address_of(int socket) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return "";
    Address address;
    if (storage.ss_family == AF_INET6) {
        std::memcpy(address.bytes.data(), &reinterpret_cast<sockaddr_in6*>(&storage)->sin6_addr, address.bytes.size());
        return text_of(address);
    }
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(&storage)->sin_addr, text.data(), text.size());
    return text.data();
}

void give_back(std::string& buffer) {
    buffer.clear();
    if (buffer.capacity() > kKeptBuffer) std::string().swap(buffer);
}

}  // namespace

std::int64_t steady_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

Client::Client(int socket, const ReaderLimits& limits, HeldBytes& held)
    : socket_(socket), held_(held), reader_(limits, address_of(socket)) {}

Client::~Client() {
    held_.add(-counted.exchange(0));
    ::close(socket_);
}

Client::Received Client::receive() {
    thread_local std::array<char, kReceiveAtOnce> bytes;
    came_ = 0;
    for (;;) {
        const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got > 0) {
            came_ = static_cast<std::size_t>(got);
            in_.append(bytes.data(), static_cast<std::size_t>(got));
            return Received::some;
        }
        if (got == 0) return Received::closed;
        if (errno == EINTR) continue;
        return errno == EAGAIN || errno == EWOULDBLOCK ? Received::nothing : Received::closed;
    }
}

RequestReader::State Client::read_request() {
    if (held_state_) return *std::exchange(held_state_, std::nullopt);
    std::size_t taken = 0;
    const auto state = reader_.take(std::string_view(in_).substr(in_at_), taken);
    in_at_ += taken;
    if (in_at_ == in_.size()) {
        give_back(in_);
        in_at_ = 0;
    } else if (state == RequestReader::State::more) {
        in_.erase(0, in_at_);
        in_at_ = 0;
    }
    return state;
}

Client::Sent Client::send() {
    while (out_at_ < out_.size()) {
        const ssize_t count =
            ::send(socket_, out_.data() + out_at_, out_.size() - out_at_, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) {
            out_at_ += static_cast<std::size_t>(count);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return Sent::blocked;
        } else if (errno != EINTR) {
            return Sent::broken;
        }
    }
    give_back(out_);
    out_at_ = 0;
    return Sent::all;
}

bool Client::discard() {
    thread_local std::array<char, kReceiveAtOnce> unread;
    for (;;) {
        const ssize_t got = ::recv(socket_, unread.data(), unread.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
        discarded_ += static_cast<std::size_t>(got);
        if (got == 0 || discarded_ > kDiscardBytes) return false;
    }
}

void Client::end_sending() {
    ::shutdown(socket_, SHUT_WR);
}

void Client::account() {
    const std::size_t all = in_.capacity() + out_.capacity() + reader_.held_bytes();
    // What is kept for an idle one too is not worth counting.
    const auto bytes = all > 2 * kKeptBuffer ? static_cast<std::int64_t>(all) : 0;
    const std::int64_t before = counted.load(std::memory_order_relaxed);
    if (bytes != before) held_.add(bytes - counted.exchange(bytes));
}

}  // namespace forum
