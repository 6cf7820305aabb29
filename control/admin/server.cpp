#include "control/admin/server.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/ssl.hpp>

#include "control/admin/session.h"
#include "control/admin/tls.h"
#include "proxy/base/log.h"

namespace switchyard::control {
namespace {

namespace asio = boost::asio;
using admin_session::kNothrow;
using asio::ip::tcp;

// After running out of descriptors, accepting again at once would only spin.
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

struct AdminServer::Members : std::enable_shared_from_this<AdminServer::Members> {
    explicit Members(Context& context_) : context(context_), acceptor(context_.executor) {}

    Context& context;
    tcp::acceptor acceptor;
    config::Address bound;
    std::shared_ptr<asio::ssl::context> tls;  // null: plain
    std::map<unsigned, boost::beast::tcp_stream*> open;
    unsigned next = 0;
    bool stopped = false;

    static asio::awaitable<void> accept(std::shared_ptr<Members> self);
    static asio::awaitable<void> session(std::shared_ptr<Members> self, tcp::socket socket);
    static asio::awaitable<void> converse(std::shared_ptr<Members> self, boost::beast::tcp_stream& stream,
                                          std::string from);
};

asio::awaitable<void> AdminServer::Members::accept(std::shared_ptr<Members> self) {
    while (!self->stopped) {
        auto [ec, socket] = co_await self->acceptor.async_accept(kNothrow);
        if (self->stopped) co_return;
        if (ec) {
            asio::steady_timer pause(self->context.executor, kAcceptPause);
            co_await pause.async_wait(kNothrow);
            continue;
        }
        if (self->open.size() >= kConnections) continue;  // closed at once
        asio::co_spawn(self->context.executor, session(self, std::move(socket)), asio::detached);
    }
}

asio::awaitable<void> AdminServer::Members::session(std::shared_ptr<Members> self, tcp::socket socket) {
    boost::system::error_code ignored;  // an optimisation, not a need
    socket.set_option(tcp::no_delay(true), ignored);
    const auto remote = socket.remote_endpoint(ignored);
    boost::beast::tcp_stream stream(std::move(socket));
    const unsigned number = self->next++;
    self->open[number] = &stream;
    try {
        co_await converse(self, stream, remote.address().to_string());
    } catch (const std::exception& e) {
        log_error("an admin connection failed: {}", e.what());
    }
    self->open.erase(number);
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> AdminServer::Members::converse(std::shared_ptr<Members> self, boost::beast::tcp_stream& stream,
                                                     std::string from) {
    if (!self->tls) {
        co_await admin_session::serve(stream, std::move(from), self->context);
        co_return;
    }
    boost::beast::ssl_stream<boost::beast::tcp_stream&> secure(stream, *self->tls);
    stream.expires_after(kRequestTime);
    auto [refused] = co_await secure.async_handshake(asio::ssl::stream_base::server, kNothrow);
    if (refused) co_return;
    co_await admin_session::serve(secure, std::move(from), self->context);
    stream.expires_after(kWriteTime);
    co_await secure.async_shutdown(kNothrow);
}

AdminServer::AdminServer(std::shared_ptr<Members> members) : members_(std::move(members)) {}
AdminServer::~AdminServer() {
    stop();
}

const config::Address& AdminServer::bound() const {
    return members_->bound;
}

void AdminServer::stop() {
    if (std::exchange(members_->stopped, true)) return;
    boost::system::error_code ignored;  // closing is all that is left to do
    members_->acceptor.close(ignored);
    for (auto& [number, stream] : members_->open) stream->cancel();
}

std::string AdminServer::url() const {
    return (members_->tls ? "https://" : "http://") + members_->bound.text();
}

Result<std::unique_ptr<AdminServer>> AdminServer::listen(const config::Admin& settings, Context& context) {
    const auto& bind = settings.bind;
    using Kind = config::Address::Kind;
    const auto refused = [&](const std::string& why) {
        return problems::internal(fmt::format("/process/admin/bind: {} cannot be used: {}", bind.text(), why));
    };
    if (bind.kind == Kind::unix_path) return refused("the admin API listens on host:port");
    boost::system::error_code ec;
    tcp::endpoint endpoint;
    if (bind.kind == Kind::name) {
        tcp::resolver resolver(context.executor);
        const auto found = resolver.resolve(bind.host, std::to_string(bind.port), ec);
        if (!ec) endpoint = found.begin()->endpoint();
    } else {
        endpoint = {asio::ip::make_address(bind.host, ec), bind.port};
    }
    if (ec) return refused(ec.message());
    auto members = std::make_shared<Members>(context);
    if (!settings.tls_certificate.empty()) {
        auto tls = admin_tls(settings.tls_certificate, settings.tls_key);
        if (!tls) return tls.error();
        members->tls = std::move(*tls);
    }
    auto& acceptor = members->acceptor;
    acceptor.open(endpoint.protocol(), ec);
    // Reuse of a port in TIME_WAIT after a restart; a port that somebody listens on still fails.
    if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (ec) return refused(ec.message());
    const auto local = acceptor.local_endpoint(ec);
    if (ec) return refused(ec.message());
    members->bound = {local.address().is_v6() ? Kind::ipv6 : Kind::ipv4, local.address().to_string(), local.port()};
    asio::co_spawn(context.executor, Members::accept(members), asio::detached);
    return std::unique_ptr<AdminServer>(new AdminServer(members));
}

}  // namespace switchyard::control
