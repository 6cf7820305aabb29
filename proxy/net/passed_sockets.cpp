#include "proxy/net/passed_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "proxy/base/log.h"

namespace switchyard::net {
namespace {

constexpr int kFirstPassed = 3;       // SD_LISTEN_FDS_START
constexpr long kMostPassed = 4'096;   // more than the listeners and workers of any machine; the rest is closed
constexpr int kPassedBacklog = 4096;  // as of a socket of our own

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string path_of(const SocketAddress& address) {
    return reinterpret_cast<const sockaddr_un*>(&address.storage)->sun_path;
}

bool same_place(const SocketAddress& a, const SocketAddress& b, bool any_port) {
    if (a.family() != b.family()) return false;
    if (a.family() == AF_UNIX) return path_of(a) == path_of(b);
    return a.host_text() == b.host_text() && (any_port || a.port() == b.port());
}

std::string text_of(const SocketAddress& address) {
    if (address.family() == AF_UNIX) return "unix:" + path_of(address);
    const bool v6 = address.family() == AF_INET6;
    return (v6 ? "[" : "") + address.host_text() + (v6 ? "]:" : ":") + std::to_string(address.port());
}

}  // namespace

PassedSockets PassedSockets::of_environment() {
    PassedSockets out;
    const bool ours = variable("LISTEN_PID") == std::to_string(::getpid());
    const long count = ours ? std::strtol(variable("LISTEN_FDS").c_str(), nullptr, 10) : 0;
    std::istringstream names(variable("LISTEN_FDNAMES"));
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    std::string name;
    for (int fd = kFirstPassed; fd < kFirstPassed + std::min(count, kMostPassed); ++fd) {
        if (!std::getline(names, name, ':')) name.clear();
        // What has come through exec() is not close-on-exec, and all of ours is: a number that is too large takes
        // nothing of ours.
        if (const int flags = ::fcntl(fd, F_GETFD); flags >= 0 && (flags & FD_CLOEXEC) == 0)
            out.add(Descriptor(fd), name);
    }
    if (count > kMostPassed) {
        constexpr auto kBeyond = static_cast<unsigned>(kFirstPassed + kMostPassed);
        log_warn("LISTEN_FDS is {}: what is beyond {} sockets is closed", count, kMostPassed);
        ::close_range(kBeyond, static_cast<unsigned>(std::min<long>(count, INT_MAX - kFirstPassed)) + kFirstPassed - 1,
                      0);
    }
    return out;
}

void PassedSockets::add(Descriptor fd, const std::string& name) {
    ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    if (!name.empty()) names_.insert(name);
    const auto option = [&fd](int which) {
        int value = 0;
        socklen_t length = sizeof value;
        return ::getsockopt(fd.get(), SOL_SOCKET, which, &value, &length) == 0 ? value : -1;
    };
    SocketAddress address;
    address.length = sizeof address.storage;
    const bool stream = option(SO_TYPE) == SOCK_STREAM && ::getsockname(fd.get(), address.get(), &address.length) == 0;
    if (!stream || (option(SO_ACCEPTCONN) != 1 && ::listen(fd.get(), kPassedBacklog) != 0))
        return log_warn("what was passed as \"{}\" is no socket to listen on, and is closed", name);
    // Waiting in accept() would keep a worker from everything else.
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
    all_.push_back({std::move(fd), name, address});
}

std::vector<int> PassedSockets::claim(const config::Address& bind, const std::string& listener) {
    std::vector<int> out;
    SocketAddress wanted;
    if (all_.empty() || !resolve(bind, wanted, nullptr)) return out;
    const bool any_port = bind.kind != config::Address::Kind::unix_path && bind.port == 0;
    std::erase_if(all_, [&](Passed& each) {
        if (!same_place(each.address, wanted, any_port) || (any_port && each.name != listener)) return false;
        out.push_back(each.fd.release());
        return true;
    });
    return out;
}

std::vector<std::pair<std::string, std::string>> PassedSockets::close_rest() {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& each : all_) out.emplace_back(each.name, text_of(each.address));
    all_.clear();
    return out;
}

}  // namespace switchyard::net
