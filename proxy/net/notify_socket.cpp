#include "proxy/net/notify_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "proxy/net/descriptor.h"

namespace switchyard::net {
namespace {

// SCM_MAX_FD: the kernel takes no more with one message.
constexpr std::size_t kMostDescriptors = 253;

std::string out_of_environment(const char* name) {
    const char* value = std::getenv(name);
    std::string out = value == nullptr ? "" : value;
    ::unsetenv(name);
    return out;
}

}  // namespace

NotifySocket NotifySocket::of_environment() {
    auto address = out_of_environment("NOTIFY_SOCKET");
    const auto store = out_of_environment("FDSTORE");
    return {std::move(address), !store.empty() && store != "0"};
}

std::vector<std::string> NotifySocket::environment() const {
    if (!listens()) return {};
    return {"NOTIFY_SOCKET=" + address_, std::string("FDSTORE=") + (keeps_sockets_ ? "1" : "0")};
}

bool NotifySocket::tell(const std::string& lines) const {
    return send(lines, {});
}

bool NotifySocket::keep(const std::string& name, std::span<const int> descriptors) const {
    while (!descriptors.empty()) {
        const auto part = descriptors.first(std::min(descriptors.size(), kMostDescriptors));
        if (!send("FDSTORE=1\nFDNAME=" + name, part)) return false;
        descriptors = descriptors.subspan(part.size());
    }
    return true;
}

bool NotifySocket::forget(const std::string& name) const {
    return send("FDSTOREREMOVE=1\nFDNAME=" + name, {});
}

bool NotifySocket::send(const std::string& lines, std::span<const int> descriptors) const {
    sockaddr_un to{};
    if (!listens() || address_.size() >= sizeof to.sun_path) return false;
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    if (to.sun_path[0] == '@') to.sun_path[0] = '\0';  // the abstract names, whose length counts
    const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open()) return false;

    iovec text{const_cast<char*>(lines.data()), lines.size()};
    msghdr message{};
    message.msg_name = &to;
    message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    message.msg_iov = &text;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> attached{};
    if (!descriptors.empty()) {
        message.msg_control = attached.data();
        message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
    }
    return ::sendmsg(socket.get(), &message, MSG_NOSIGNAL) >= 0;
}

}  // namespace switchyard::net
