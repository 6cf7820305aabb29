#include "control/upgrade/upgrade_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "control/upgrade/peer.h"
#include "proxy/base/log.h"

namespace switchyard::control::upgrade {
namespace {

namespace asio = boost::asio;
using switchyard::net::Descriptor;

std::optional<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    if (path.size() >= sizeof out.sun_path) return std::nullopt;
    std::memcpy(out.sun_path, path.data(), path.size());
    return out;
}

Descriptor new_socket() {
    return Descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// Empty and errno set: it cannot be listened on there.
Descriptor listen_at(const std::string& path) {
    const auto at = address_of(path);
    if (!at) return errno = ENAMETOOLONG, Descriptor();
    auto fd = new_socket();
    // Before there is a path: at no moment may another user connect.
    if (!fd.is_open() || ::fchmod(fd.get(), 0600) != 0) return Descriptor();
    ::unlink(path.c_str());
    const auto* address = reinterpret_cast<const sockaddr*>(&*at);
    if (::bind(fd.get(), address, sizeof *at) != 0 || ::listen(fd.get(), 4) != 0) return Descriptor();
    return fd;
}

}  // namespace

UpgradeSocket::UpgradeSocket(asio::any_io_executor executor, std::string path, Came came)
    : executor_(std::move(executor)), path_(std::move(path)), came_(std::move(came)), limit_(executor_) {}

UpgradeSocket::~UpgradeSocket() {
    close();
}

void UpgradeSocket::open() {
    if (listening_) return;
    auto fd = listen_at(path_);
    if (!fd.is_open())
        return log_warn("{} cannot be listened on ({}): no other container can take this process's place", path_,
                        std::strerror(errno));
    listening_ = std::make_unique<asio::posix::stream_descriptor>(executor_, fd.release());
    wait();
}

void UpgradeSocket::close() {
    forget();
    listening_.reset();
}

void UpgradeSocket::remove() {
    if (listening_) ::unlink(path_.c_str());
    close();
}

void UpgradeSocket::forget() {
    limit_.cancel();
    caller_.reset();
}

void UpgradeSocket::refuse(Channel& line, const std::string& why) {
    log_warn("upgrade: a program that asks for this process's place is refused: {}", why);
    line.send({{"type", "refused"}, {"why", why}});
}

void UpgradeSocket::wait() {
    listening_->async_wait(
        asio::posix::stream_descriptor::wait_read,
        [this, alive = std::weak_ptr(alive_), socket = listening_.get()](boost::system::error_code ec) {
            if (ec || alive.expired() || listening_.get() != socket) return;
            take_one();
            wait();
        });
}

void UpgradeSocket::take_one() {
    Descriptor fd(::accept4(listening_->native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd.is_open()) return;
    const auto peer = peer_of(fd.get());
    auto line = std::make_unique<Channel>(std::move(fd));
    if (peer.user != ::geteuid())
        return refuse(*line, fmt::format("it runs as user {}, and the running proxy as {}: start it as that user",
                                         peer.user, ::geteuid()));
    if (caller_) return refuse(*line, "another program has just come: wait until that has succeeded or failed");
    caller_ = std::move(line);
    caller_->listen(
        executor_, [this](Message message) { heard(std::move(message)); }, [this](const std::string&) { forget(); });
    limit_.expires_after(kHello);
    limit_.async_wait([this, alive = std::weak_ptr(alive_), caller = caller_.get()](boost::system::error_code ec) {
        if (ec || alive.expired() || caller_.get() != caller) return;
        refuse(*caller_, fmt::format("it has not said a word within {} s", kHello.count() / 1000));
        forget();
    });
}

void UpgradeSocket::heard(Message message) {
    auto line = std::move(caller_);
    forget();
    if (message.type() != "hello") return refuse(*line, "it says what is not understood: " + message.type());
    line->rest();
    came_(std::move(line), std::move(message.body));
}

Result<Descriptor> call_at(const std::string& path) {
    constexpr const char* kCure =
        "name the upgrade.sock in the state folder of a proxy that runs, or start without --takeover";
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0)
        return problems::invalid(fmt::format("--takeover {}: {}: {}", path, std::strerror(errno), kCure));
    if (!S_ISSOCK(info.st_mode)) return problems::invalid(fmt::format("--takeover {} is no socket: {}", path, kCure));
    const auto at = address_of(path);
    if (!at) return problems::invalid(fmt::format("--takeover {} is longer than a socket's path may be", path));
    auto fd = new_socket();
    if (!fd.is_open()) return problems::internal(fmt::format("no socket can be made: {}", std::strerror(errno)));
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*at), sizeof *at) == 0) return fd;
    const int why = errno;
    if (why == EACCES)
        return problems::invalid(
            fmt::format("--takeover {} is another user's: start as the user of the running proxy", path));
    if (why == EPROTOTYPE)
        return problems::invalid(fmt::format("--takeover {} is the socket of another program: {}", path, kCure));
    if (why == ECONNREFUSED)
        return problems::invalid(fmt::format("--takeover {}: no process in charge listens there: {}", path, kCure));
    return problems::invalid(fmt::format("--takeover {}: {}: {}", path, std::strerror(why), kCure));
}

}  // namespace switchyard::control::upgrade
