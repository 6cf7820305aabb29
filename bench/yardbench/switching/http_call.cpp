#include "bench/yardbench/switching/http_call.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace yardbench {

HttpCall::~HttpCall() {
    close();
}

void HttpCall::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

bool HttpCall::connect(HttpAnswer& answer) {
    fd_ = ::socket(target_.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval limit{static_cast<time_t>(timeout_ / kSecond), static_cast<suseconds_t>(timeout_ % kSecond / 1000)};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&target_.address), target_.address_length) == 0) return true;
    answer.error = "connect to " + target_.authority + ": " + std::strerror(errno);
    close();
    return false;
}

bool HttpCall::exchange(const std::string& request, HttpAnswer& answer, bool& nothing_came) {
    nothing_came = true;
    answer.asked = now();
    for (std::size_t sent = 0; sent < request.size();) {
        const ssize_t n = ::send(fd_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) {
            answer.error = std::string("send: ") + std::strerror(errno);
            return false;
        }
        sent += static_cast<std::size_t>(n);
    }
    reader_.begin(false, true);
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
        if (n < 0) {
            nothing_came = nothing_came && errno == ECONNRESET;
            answer.error = errno == EAGAIN ? "no answer within the time limit" : std::strerror(errno);
            return false;
        }
        std::size_t used = 0;
        const auto progress =
            n == 0 ? reader_.end_of_stream() : reader_.feed({buffer.data(), static_cast<std::size_t>(n)}, used);
        if (progress == ResponseReader::Progress::complete) break;
        if (n == 0 || progress == ResponseReader::Progress::malformed) {
            answer.error = n == 0 ? "closed before the answer was whole" : "the answer is no HTTP/1.1";
            return false;
        }
        nothing_came = false;
    }
    answer.answered = now();
    answer.status = reader_.status();
    answer.body = reader_.body();
    if (!reader_.keep_alive()) close();
    return true;
}

HttpAnswer HttpCall::operator()(const std::string& method, const std::string& path,
                                const std::vector<std::string>& headers, const std::string& body) {
    std::string request = method + ' ' + path + " HTTP/1.1\r\nHost: " + target_.authority + "\r\n";
    for (const std::string& header : headers) request += header + "\r\n";
    if (!body.empty() || method != "GET") {
        request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    }
    request += "\r\n" + body;
    HttpAnswer answer;
    const bool reused = fd_ >= 0;
    if (!reused && !connect(answer)) return answer;
    bool nothing_came = false;
    if (exchange(request, answer, nothing_came)) return answer;
    close();
    if (!reused || !nothing_came || !connect(answer)) return answer;
    answer.error.clear();
    if (!exchange(request, answer, nothing_came)) close();
    return answer;
}

}  // namespace yardbench
