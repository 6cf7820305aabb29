// TLS over one of Asio's sockets, as the workers speak it: the same handshakes, certificates and words for what is
// wrong.
//
// For control's own connections: checks of endpoints, the admin API. Borrows the descriptor; the socket stays the
// caller's. Threads: that of the socket's executor. At most one operation of each kind is under way. Errors: the
// system's; what TLS has to say stands in trouble().
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/net/buffer_pool.h"
#include "proxy/net/tls.h"

namespace switchyard::control::net {

template <class AsioSocket>
class SecuredSocket {
  public:
    using Error = boost::system::error_code;
    using Status = switchyard::net::Transfer::Status;

    // `how`: what net::Tls is made of after its socket and buffers. The socket is connected.
    template <class... How>
    explicit SecuredSocket(AsioSocket& socket, How&&... how)
        : socket_(socket), borrowed_(socket), tls(borrowed_, buffers_, std::forward<How>(how)...) {}

    boost::asio::awaitable<Error> handshake() {
        using Step = switchyard::net::Tls::Step;
        for (;;) {
            const auto step = tls.handshake();
            if (step == Step::done) co_return Error{};
            if (step != Step::again) {
                trouble_ = (tls.trouble().untrusted ? "its certificate: " : "TLS: ") + tls.trouble().words;
                co_return boost::asio::error::connection_aborted;
            }
            if (const auto error = co_await wait(tls.unsent() != 0)) co_return error;
        }
    }
    boost::asio::awaitable<Error> write(std::string_view octets) {
        while (!octets.empty() || tls.unsent() != 0) {
            const iovec piece{const_cast<char*>(octets.data()), octets.size()};
            const auto wrote = octets.empty() ? switchyard::net::Transfer{tls.flush(), 0} : tls.write({&piece, 1});
            if (wrote.status == Status::failed) co_return boost::asio::error::broken_pipe;
            octets.remove_prefix(wrote.bytes);
            if (tls.unsent() == 0) continue;
            if (const auto error = co_await wait(true)) co_return error;
        }
        co_return Error{};
    }
    boost::asio::awaitable<std::pair<Error, std::size_t>> read_some(std::span<char> into) {
        using Read = std::pair<Error, std::size_t>;
        for (;;) {
            const auto got = tls.read(into);
            switch (got.status) {
                case Status::done:
                    co_return Read{Error{}, got.bytes};
                case Status::closed:
                    co_return Read{
                        Error(tls.truncated() ? boost::asio::error::connection_reset : Error(boost::asio::error::eof)),
                        0};
                case Status::failed:
                    if (tls.trouble().refused) trouble_ = "TLS: " + tls.trouble().words;
                    co_return Read{Error(boost::asio::error::connection_reset), 0};
                case Status::again:
                    break;
            }
            if (const auto error = co_await wait(tls.unsent() != 0)) co_return Read{error, 0};
        }
    }
    const std::string& trouble() const { return trouble_; }  // empty: TLS had none
    bool chose_http2() const { return tls.chose_http2(); }   // by ALPN

  private:
    // The descriptor stays the socket's.
    struct Borrowed : switchyard::net::Socket {
        explicit Borrowed(AsioSocket& from) {
            Error ignored;
            from.native_non_blocking(true, ignored);
            adopt(from.native_handle());
        }
        ~Borrowed() { fd_ = -1; }
        Borrowed(const Borrowed&) = delete;
        Borrowed& operator=(const Borrowed&) = delete;
    };
    boost::asio::awaitable<Error> wait(bool writes) {
        using Wait = boost::asio::socket_base;
        constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
        auto [error] = co_await socket_.async_wait(writes ? Wait::wait_write : Wait::wait_read, kTuple);
        borrowed_.readable = borrowed_.writable = true;
        co_return error;
    }

    AsioSocket& socket_;
    switchyard::net::BufferPool buffers_;
    Borrowed borrowed_;
    std::string trouble_;

  public:
    switchyard::net::Tls tls;
};

}  // namespace switchyard::control::net
