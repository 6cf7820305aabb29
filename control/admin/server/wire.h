// One admin connection's octets, plain or under TLS: what a session reads from and writes to.
//
// Virtual rather than a template over the stream: the session is compiled once and not in every reader's unit.
// Invariants: at most one read and one write are under way. When a deadline passes, what is under way and everything
//   after it ends with timed_out until a new deadline is set; the socket stays open, so that the client can be told.
// Threads: control. Owns: the socket and the deadline's timer.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "proxy/base/client_claims.h"
#include "proxy/net/tls_policy.h"

namespace switchyard::control {

// The admin API's operations say what went wrong in their results.
inline constexpr auto kNothrow = boost::asio::as_tuple(boost::asio::use_awaitable);

class Wire : public std::enable_shared_from_this<Wire> {
  public:
    using Error = boost::system::error_code;
    template <class T>
    using Awaitable = boost::asio::awaitable<T>;

    struct Read {
        Error error;
        std::size_t size = 0;
    };

    virtual ~Wire() = default;
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    virtual Awaitable<Error> open() = 0;  // the handshake, where there is one
    // What the client's certificate says, once it is open; null: none was asked for.
    virtual const ClientClaims* certificate() { return nullptr; }
    // What is in force now would let that certificate in: it has not ended, and whom it is checked by has not changed.
    virtual bool certificate_stands() { return true; }
    Awaitable<Read> read_some(boost::asio::mutable_buffer room);
    Awaitable<Error> write(std::string_view text);
    // Says goodbye and reads on until the client has gone too: what it had sent and was not read would otherwise reset
    // the connection, and with it an answer that is still on its way. The socket is closed with the last owner.
    Awaitable<void> close();

    // For everything from now on, until the next call.
    void expires_after(std::chrono::steady_clock::duration time);
    void expires_never();
    bool timed_out() const { return timed_out_; }

    // Since when no whole call has come; nothing while one is answered. For the choice of what makes room.
    std::optional<std::chrono::steady_clock::time_point> idle_since = std::chrono::steady_clock::now();
    bool has_called = false;
    // What is under way ends, now and for good.
    void cancel();

  protected:
    explicit Wire(boost::asio::ip::tcp::socket socket);
    virtual Awaitable<Read> receive(boost::asio::mutable_buffer room) = 0;
    virtual Awaitable<Error> send(std::string_view text) = 0;
    virtual Awaitable<void> say_goodbye() = 0;

    boost::asio::ip::tcp::socket socket_;

  private:
    boost::asio::steady_timer timer_;
    bool timed_out_ = false;
    bool cancelled_ = false;
};

std::shared_ptr<Wire> plain_wire(boost::asio::ip::tcp::socket socket);
// The context must outlive the wire.
std::shared_ptr<Wire> tls_wire(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& tls);
// By the book of certificates: as it is when the client's hello is there.
std::shared_ptr<Wire> secure_wire(boost::asio::ip::tcp::socket socket, switchyard::net::PolicyNow policy);

}  // namespace switchyard::control
