// The test's end of a connection, and a listening socket for endpoints: non-blocking, and keeping every byte.
//
// Threads: the test's. Owns: the descriptor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace switchyard::test {

class Wire {
  public:
    Wire() = default;
    explicit Wire(int fd) : fd_(fd) {}
    Wire(Wire&& other) noexcept
        : seen(std::move(other.seen)), ended(other.ended), cut(other.cut), fd_(std::exchange(other.fd_, -1)) {}
    Wire& operator=(Wire&& other) noexcept;
    ~Wire() { close(); }

    // A blocking-free connection to a port of the loopback.
    static Wire connect(std::uint16_t port);

    bool is_open() const { return fd_ >= 0; }
    int descriptor() const { return fd_; }
    // How many bytes the kernel took; 0 when it takes none now. A failed connection sets `cut`.
    std::size_t write(std::string_view bytes);
    // Moves what has arrived to `seen`, at most `most` bytes; how many.
    std::size_t read(std::size_t most = ~std::size_t{0});
    void shutdown_send();
    void close();
    // Gives the descriptor away.
    int release() { return std::exchange(fd_, -1); }
    // Closes with a reset.
    void reset();
    // Forgets and gives what was seen.
    std::string take() { return std::exchange(seen, {}); }
    // Small kernel buffers, so that a sink that is not read blocks soon.
    void shrink_buffers();

    std::string seen;
    bool ended = false;  // the other side has closed its direction in order
    bool cut = false;    // the connection was reset

  private:
    int fd_ = -1;
};

class ListeningWire {
  public:
    // A port of the loopback that the kernel chooses.
    ListeningWire() : ListeningWire(1, 0) {}
    // That port of 127.0.0.`host`.
    ListeningWire(std::uint8_t host, std::uint16_t port);
    ~ListeningWire();
    ListeningWire(const ListeningWire&) = delete;
    ListeningWire& operator=(const ListeningWire&) = delete;

    std::uint16_t port() const { return port_; }
    // Not open when no client is waiting.
    Wire accept();
    // Refuses connections from now on. The port stays taken, so that no other process gets them.
    void close();
    int descriptor() const { return fd_; }

  private:
    int fd_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace switchyard::test
