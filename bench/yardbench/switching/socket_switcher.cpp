#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "bench/yardbench/switching/switcher.h"

namespace yardbench {
namespace {

class SocketSwitcher : public Switcher {
  public:
    SocketSwitcher(const std::string& path, std::string line) : line_(std::move(line)) {
        address_.sun_family = AF_UNIX;
        if (path.size() >= sizeof address_.sun_path) throw std::invalid_argument(path + ": too long for a unix socket");
        std::memcpy(address_.sun_path, path.c_str(), path.size() + 1);
    }

    SwitchAnswer to(const std::string& colour) override {
        SwitchAnswer result{colour, 0, 0, 0, false, {}};
        const std::string line = with_colour(line_, colour) + "\n";
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        result.asked = now();
        std::string said;
        bool ok = ::connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) == 0 &&
                  ::send(fd, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
        std::array<char, 4096> buffer;
        for (ssize_t n; ok && (n = ::recv(fd, buffer.data(), buffer.size(), 0)) != 0;) {
            ok = n > 0;
            if (ok) said.append(buffer.data(), static_cast<std::size_t>(n));
        }
        result.answered = now();
        if (!ok) said = std::strerror(errno);
        ::close(fd);
        // HAProxy answers a done command with an empty line and everything else with words.
        result.ok = ok && said.find_first_not_of(" \r\n") == std::string::npos;
        if (!result.ok) result.detail = said;
        return result;
    }

  private:
    sockaddr_un address_{};
    const std::string line_;
};

}  // namespace

std::unique_ptr<Switcher> socket_switcher(const std::string& path, const std::string& line) {
    return std::make_unique<SocketSwitcher>(path, line);
}

}  // namespace yardbench
