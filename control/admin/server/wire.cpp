#include "control/admin/server/wire.h"

#include <array>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "control/net/secured_socket.h"

namespace switchyard::control {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

template <class Stream>
Wire::Awaitable<Wire::Read> read_from(Stream& stream, asio::mutable_buffer room) {
    auto [error, size] = co_await stream.async_read_some(room, kNothrow);
    co_return Wire::Read{error, size};
}

template <class Stream>
Wire::Awaitable<Wire::Error> write_to(Stream& stream, std::string_view text) {
    auto [error, size] = co_await asio::async_write(stream, asio::buffer(text), kNothrow);
    co_return error;
}

class PlainWire : public Wire {
  public:
    explicit PlainWire(tcp::socket socket) : Wire(std::move(socket)) {}

    Awaitable<Error> open() override { co_return Error{}; }

  protected:
    Awaitable<void> say_goodbye() override { co_return; }
    Awaitable<Read> receive(asio::mutable_buffer room) override { return read_from(socket_, room); }
    Awaitable<Error> send(std::string_view text) override { return write_to(socket_, text); }
};

class TlsWire : public Wire {
  public:
    TlsWire(tcp::socket socket, asio::ssl::context& tls) : Wire(std::move(socket)), stream_(socket_, tls) {}

    Awaitable<Error> open() override {
        auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kNothrow);
        co_return error;
    }

  protected:
    Awaitable<void> say_goodbye() override { co_await stream_.async_shutdown(kNothrow); }
    Awaitable<Read> receive(asio::mutable_buffer room) override { return read_from(stream_, room); }
    Awaitable<Error> send(std::string_view text) override { return write_to(stream_, text); }

  private:
    asio::ssl::stream<tcp::socket&> stream_;
};

// As listeners speak it (proxy/net/tls.h).
class SecureWire : public Wire {
  public:
    SecureWire(tcp::socket socket, switchyard::net::PolicyNow policy)
        : Wire(std::move(socket)), secured_(socket_, policy, std::string_view{}) {}

    Awaitable<Error> open() override { return secured_.handshake(); }
    const ClientClaims* certificate() override {
        const auto* check = secured_.tls.hello().client_check();
        return check != nullptr && check->asks() ? &secured_.tls.claims() : nullptr;
    }

    bool certificate_stands() override { return secured_.tls.client_still_stands(); }

  protected:
    Awaitable<void> say_goodbye() override {
        secured_.tls.say_end();
        co_await secured_.write({});
    }
    Awaitable<Read> receive(asio::mutable_buffer room) override {
        const auto [error, size] = co_await secured_.read_some({static_cast<char*>(room.data()), room.size()});
        co_return Read{error, size};
    }
    Awaitable<Error> send(std::string_view text) override { return secured_.write(text); }

  private:
    net::SecuredSocket<tcp::socket> secured_;
};

}  // namespace

Wire::Wire(tcp::socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {}

Wire::Awaitable<Wire::Read> Wire::read_some(asio::mutable_buffer room) {
    if (timed_out_) co_return Read{asio::error::timed_out, 0};
    if (cancelled_) co_return Read{asio::error::operation_aborted, 0};
    auto read = co_await receive(room);
    if (read.error && timed_out_) read.error = asio::error::timed_out;
    co_return read;
}

Wire::Awaitable<Wire::Error> Wire::write(std::string_view text) {
    if (timed_out_) co_return asio::error::timed_out;
    if (cancelled_) co_return asio::error::operation_aborted;
    auto error = co_await send(text);
    if (error && timed_out_) error = asio::error::timed_out;
    co_return error;
}

Wire::Awaitable<void> Wire::close() {
    if (!timed_out_ && !cancelled_) co_await say_goodbye();
    Error ignored;  // the client may have gone
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    std::array<char, 4096> unread;
    while (!timed_out_ && !cancelled_) {
        auto [error, size] = co_await socket_.async_read_some(asio::buffer(unread), kNothrow);
        if (error) break;
    }
}

void Wire::expires_after(std::chrono::steady_clock::duration time) {
    timed_out_ = false;
    timer_.expires_after(time);  // cancels the wait before
    timer_.async_wait([weak = weak_from_this(), due = timer_.expiry()](const Error& error) {
        const auto self = weak.lock();
        // A wait that was over when the deadline was moved says success all the same.
        if (error || !self || self->timer_.expiry() != due) return;
        self->timed_out_ = true;
        Error ignored;
        self->socket_.cancel(ignored);
    });
}

void Wire::expires_never() {
    timed_out_ = false;
    timer_.expires_at(std::chrono::steady_clock::time_point::max());
}

void Wire::cancel() {
    cancelled_ = true;
    Error ignored;
    socket_.cancel(ignored);
}

std::shared_ptr<Wire> plain_wire(tcp::socket socket) {
    return std::make_shared<PlainWire>(std::move(socket));
}
std::shared_ptr<Wire> tls_wire(tcp::socket socket, asio::ssl::context& tls) {
    return std::make_shared<TlsWire>(std::move(socket), tls);
}

std::shared_ptr<Wire> secure_wire(tcp::socket socket, switchyard::net::PolicyNow policy) {
    return std::make_shared<SecureWire>(std::move(socket), policy);
}

}  // namespace switchyard::control
