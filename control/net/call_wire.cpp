#include "control/net/call_wire.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "control/net/secured_socket.h"

namespace switchyard::control::net {

namespace asio = boost::asio;

namespace {

constexpr auto kInTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace

struct CallWire::Secured : SecuredSocket<asio::generic::stream_protocol::socket> {
    using SecuredSocket::SecuredSocket;
};

CallWire::CallWire(const asio::any_io_executor& executor) : socket(executor) {}
CallWire::~CallWire() = default;

asio::awaitable<CallWire::Error> CallWire::secure(const switchyard::net::OutwardTls& how, const std::string& host,
                                                  std::shared_ptr<switchyard::net::TlsSessions> sessions,
                                                  switchyard::net::Tls::Offer offer) {
    secured_ = std::make_unique<Secured>(socket, how, host, std::move(sessions), offer);
    return secured_->handshake();
}

asio::awaitable<void> CallWire::hear_last_word() {
    secured_->tls.say_end();
    if (co_await secured_->write({})) co_return;
    std::array<char, 256> unwanted;
    while (true) {
        const auto [error, size] = co_await secured_->read_some(unwanted);
        if (error) co_return;
    }
}

bool CallWire::chose_http2() const {
    return secured_ && secured_->chose_http2();
}

asio::awaitable<CallWire::Error> CallWire::write(std::string_view octets) {
    if (secured_) co_return co_await secured_->write(octets);
    auto [error, sent] = co_await asio::async_write(socket, asio::buffer(octets), kInTuple);
    co_return error;
}

asio::awaitable<std::pair<CallWire::Error, std::size_t>> CallWire::read_some(std::span<char> into) {
    if (secured_) co_return co_await secured_->read_some(into);
    auto [error, size] = co_await socket.async_read_some(asio::buffer(into.data(), into.size()), kInTuple);
    co_return std::pair<Error, std::size_t>{error, size};
}

const std::string& CallWire::trouble() const {
    static const std::string kNone;
    return secured_ ? secured_->trouble() : kNone;
}

// The descriptor stays: TLS borrows it.
void CallWire::cancel() {
    Error ignored;
    socket.shutdown(asio::socket_base::shutdown_both, ignored);
    socket.cancel(ignored);
}

}  // namespace switchyard::control::net
