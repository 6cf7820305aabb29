#include "bench/yardbench/faults/gate.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <stdexcept>
#include <vector>

namespace yardbench {
namespace {

using boost::asio::ip::tcp;
using Error = boost::system::error_code;

constexpr std::size_t kChunk = 16 * 1024;
constexpr Nanos kTrickleEvery = 10 * kMillisecond;

tcp::endpoint endpoint_of(const std::string& to) {
    const std::size_t colon = to.rfind(':');
    Error error;
    const auto address = boost::asio::ip::make_address(to.substr(0, colon), error);
    const int port = colon == std::string::npos ? 0 : std::atoi(to.c_str() + colon + 1);
    if (error || port <= 0 || port > 65535)
        throw std::invalid_argument("'" + to + "' is no address; write 127.0.0.1:9001");
    return {address, static_cast<std::uint16_t>(port)};
}

}  // namespace

// One client connection and its way on. Each direction is a loop: read, wait as the mode says, write.
class Gate::Pair : public std::enable_shared_from_this<Pair> {
  public:
    Pair(Gate& gate, tcp::socket client)
        : gate_(gate), flows_{{{std::move(client), gate.io_}, {tcp::socket(gate.io_), gate.io_}}} {}

    void start() {
        flows_[1].socket.async_connect(gate_.to_, [self = shared_from_this()](Error error) {
            if (error) return self->reset();
            Error ignored;
            for (Flow& flow : self->flows_) flow.socket.set_option(tcp::no_delay(true), ignored);
            self->read(0);
            self->read(1);
        });
    }

    void reset() {
        Error ignored;
        for (Flow& flow : flows_) {
            flow.socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);
            flow.socket.close(ignored);
            flow.timer.cancel();
        }
        gate_.pairs_.erase(shared_from_this());
    }

    void mode_changed() {
        if (lost_bytes_) return reset();
        // A flow that waits because of the old mode goes on under the new one.
        for (Flow& flow : flows_) flow.timer.cancel();
    }

  private:
    // From the socket to the other flow's socket.
    struct Flow {
        Flow(tcp::socket s, boost::asio::io_context& io) : socket(std::move(s)), timer(io), buffer(kChunk) {}
        tcp::socket socket;
        boost::asio::steady_timer timer;
        std::vector<char> buffer;
        std::size_t have = 0;
        std::size_t written = 0;
    };

    void read(std::size_t side) {
        Flow& flow = flows_[side];
        flow.socket.async_read_some(boost::asio::buffer(flow.buffer),
                                    [self = shared_from_this(), side](Error error, std::size_t got) {
                                        if (error) return self->ended(side, error);
                                        self->flows_[side].have = got;
                                        self->flows_[side].written = 0;
                                        self->wait_and_write(side);
                                    });
    }

    void wait_and_write(std::size_t side) {
        Flow& flow = flows_[side];
        switch (gate_.mode_.kind) {
            case Mode::Kind::swallow:
                lost_bytes_ = true;
                return read(side);
            case Mode::Kind::refuse:
                return reset();
            case Mode::Kind::pass:
                return write(side, flow.have - flow.written);
            case Mode::Kind::delay:
                return wait(side, gate_.mode_.delay, flow.have - flow.written);
            case Mode::Kind::trickle: {
                const auto piece = gate_.mode_.bytes_per_second * static_cast<std::size_t>(kTrickleEvery) / kSecond;
                return wait(side, kTrickleEvery, std::min(flow.have - flow.written, std::max<std::size_t>(piece, 1)));
            }
            case Mode::Kind::freeze:
                return wait(side, 3600 * kSecond, 0);
        }
    }

    void wait(std::size_t side, Nanos length, std::size_t bytes) {
        Flow& flow = flows_[side];
        flow.timer.expires_at(as_time_point(now() + length));
        flow.timer.async_wait([self = shared_from_this(), side, bytes](Error error) {
            if (!self->flows_[side].socket.is_open()) return;
            if (error || bytes == 0) return self->wait_and_write(side);  // the mode has changed
            self->write(side, bytes);
        });
    }

    void write(std::size_t side, std::size_t bytes) {
        Flow& flow = flows_[side];
        boost::asio::async_write(flows_[1 - side].socket, boost::asio::buffer(flow.buffer.data() + flow.written, bytes),
                                 [self = shared_from_this(), side](Error error, std::size_t sent) {
                                     if (error) return self->reset();
                                     Flow& one = self->flows_[side];
                                     one.written += sent;
                                     if (one.written < one.have) return self->wait_and_write(side);
                                     self->read(side);
                                 });
    }

    // The end of a stream is passed on as such; anything else resets both.
    void ended(std::size_t side, Error error) {
        if (error == boost::asio::error::operation_aborted) return;
        if (error != boost::asio::error::eof) return reset();
        Error ignored;
        flows_[1 - side].socket.shutdown(tcp::socket::shutdown_send, ignored);
        if (++ends_ < 2) return;
        for (Flow& flow : flows_) flow.socket.close(ignored);
        gate_.pairs_.erase(shared_from_this());
    }

    Gate& gate_;
    std::array<Flow, 2> flows_;
    bool lost_bytes_ = false;
    int ends_ = 0;
};

Gate::Gate(std::uint16_t port, const std::string& to) : io_(1), to_(endpoint_of(to)), acceptor_(io_) {
    const tcp::endpoint here(boost::asio::ip::address_v4::loopback(), port);
    Error error;
    acceptor_.open(here.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(here, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (error)
        throw std::runtime_error("a gate cannot listen on port " + std::to_string(port) + ": " + error.message());
    port_ = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread([this] { io_.run(); });
}

Gate::~Gate() {
    io_.stop();
    thread_.join();
    pairs_.clear();
}

void Gate::accept() {
    acceptor_.async_accept([this](Error error, tcp::socket socket) {
        if (error) return;
        ++connections_;
        auto pair = std::make_shared<Pair>(*this, std::move(socket));
        pairs_.insert(pair);
        if (mode_.kind == Mode::Kind::refuse)
            pair->reset();
        else
            pair->start();
        accept();
    });
}

void Gate::reset_all() {
    const auto present = pairs_;
    for (const auto& pair : present) pair->reset();
}

void Gate::run_on_thread(const std::function<void()>& action) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
        action();
        done.set_value();
    });
    done.get_future().wait();
}

void Gate::set(Mode mode) {
    run_on_thread([this, mode] {
        mode_ = mode;
        if (mode.kind == Mode::Kind::refuse) return reset_all();
        const auto present = pairs_;
        for (const auto& pair : present) pair->mode_changed();
    });
}

void Gate::cut() {
    run_on_thread([this] { reset_all(); });
}

}  // namespace yardbench
